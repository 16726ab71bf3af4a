class odd_hosts():
    def do_score(self, hosts_ids, vm_id, args_map):
        '''Prefers hosts with an odd id'''
        print([(host, 0 if int(host[-1], 16) % 2 else 100) for host in hosts_ids])
