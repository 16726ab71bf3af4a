"""Policy units that don't do what they should."""

import sys


class complains():

    def do_filter(self, hosts_ids, vm_id, args_map):
        sys.stderr.write('no licence for ' + vm_id)

    def do_score(self, hosts_ids, vm_id, args_map):
        sys.stderr.write('no licence for ' + vm_id)

    def do_balance(self, hosts_ids, args_map):
        sys.stderr.write('no licence')


class prints_garbage():

    def do_filter(self, hosts_ids, vm_id, args_map):
        print('<hosts>')

    def do_score(self, hosts_ids, vm_id, args_map):
        print('<hosts>')

    def do_balance(self, hosts_ids, args_map):
        print('<hosts>')


class prints_nothing():

    def do_filter(self, hosts_ids, vm_id, args_map):
        pass

    def do_score(self, hosts_ids, vm_id, args_map):
        pass

    def do_balance(self, hosts_ids, args_map):
        pass


class leaves_out():

    def do_score(self, hosts_ids, vm_id, args_map):
        '''Knows the first host only, and one that nobody asked for'''
        print([(hosts_ids[0], -7), ('a0000000-0000-4000-8000-00000000beef', 1)])


class prints_scores():

    def do_score(self, hosts_ids, vm_id, args_map):
        '''Scores of 0 to 100: ten times the last digit of the id'''
        print([(host, min(100, 10 * int(host[-1], 16))) for host in hosts_ids])


class rejects_all():

    def do_filter(self, hosts_ids, vm_id, args_map):
        print([])


class has_no_method():
    pass
