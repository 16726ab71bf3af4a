"""A site's own policy, written to the contract of ovirt-scheduler-proxy: one class that is a unit of all three kinds."""


class site_policy():

    properties_validation = '{avoid = [0-9a-f], bonus = [0-9]+}'

    def __init__(self):
        self.calls = 0

    def do_filter(self, hosts_ids, vm_id, args_map):
        '''Rejects hosts whose id ends in "avoid"'''
        avoid = args_map.get('avoid', '9')
        print([host for host in hosts_ids if not host.endswith(avoid)])

    def do_score(self, hosts_ids, vm_id, args_map):
        '''Costs the last digit of the id, and a half'''
        self.calls += 1
        # Keeps no state: it is the first call, always.
        print([(host, self.calls * int(host[-1], 16) + 0.5) for host in hosts_ids])

    def do_balance(self, hosts_ids, args_map):
        '''Moves a VM to the first host'''
        print(['b0000000-0000-4000-8000-000000000001', [hosts_ids[0]]])
