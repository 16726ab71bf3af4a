"""A policy unit of all three kinds, as ovirt-scheduler-proxy knew them."""


class site_policy():

    properties_validation = 'avoid=[0-9a-f];bonus=[0-9]+'

    def do_filter(self, hosts_ids, vm_id, args_map):
        '''Rejects hosts whose id ends in "avoid"'''
        avoid = args_map.get('avoid', '2')
        print([host for host in hosts_ids if not host.endswith(avoid)])

    def do_score(self, hosts_ids, vm_id, args_map):
        '''Costs a thousand times the last digit of the id, and a half, less the bonus'''
        bonus = int(args_map.get('bonus', '0'))
        print([(host, 1000 * int(host[-1], 16) + 0.5 - bonus) for host in hosts_ids])

    def do_balance(self, hosts_ids, args_map):
        '''Moves VM 1 to the hosts after the first'''
        print(['b0000000-0000-4000-8000-000000000001', hosts_ids[1:]])
