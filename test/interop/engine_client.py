"""Makes the four calls of an oVirt engine with Python's own XML-RPC client, and prints a line a result.

Ends with 1 on any exception, and with 2 when its arguments are wrong.

Usage: engine_client.py URL VM_ID HOST_ID,... FILTER,... SCORE,... BALANCER
"""

import sys
from typing import Any
from uuid import UUID
from xmlrpc.client import ServerProxy

# The factor that an administrator gave each score unit; the engine multiplies by it itself.
FACTOR = 2

UNIT_TYPES = ("filters", "scores", "balance")


def discover(scheduler: ServerProxy) -> None:
    """Prints what units there are."""
    units: Any = scheduler.discover()
    if set(units) - set(UNIT_TYPES):
        raise ValueError(f"the engine knows no {set(units) - set(UNIT_TYPES)}")
    for unit_type in UNIT_TYPES:
        for name, (description, regex) in sorted(units[unit_type].items()):
            first_line = description.strip().split("\n")[0]
            print(f"discover {unit_type} {name} [{regex}] {first_line}")


def run_filters(scheduler: ServerProxy, filters: list[str], hosts: list[str], vm: str) -> None:
    """Prints which hosts are left."""
    answer: Any = scheduler.runFilters(filters, hosts, vm, {})
    print_errors("runFilters", answer)
    for host in answer["result"]:
        print(f"runFilters {UUID(host)}")


def run_cost_functions(scheduler: ServerProxy, scores: list[str], hosts: list[str], vm: str) -> None:
    """Prints the costs."""
    answer: Any = scheduler.runCostFunctions([[score, FACTOR] for score in scores], hosts, vm, {})
    print_errors("runCostFunctions", answer)
    for host, cost, *unit in answer["result"]:
        if type(cost) is not int:
            raise TypeError(f"a cost is an int, not {cost!r}")
        print(f"runCostFunctions {UUID(host)} {cost} {unit[0] if unit else '-'}")


def run_load_balancing(scheduler: ServerProxy, balancer: str, hosts: list[str]) -> None:
    """Prints which VM should go where; a cluster without properties has no map."""
    answer: Any = scheduler.runLoadBalancing(balancer, hosts, None)
    print_errors("runLoadBalancing", answer)
    vm, targets = answer["result"]
    print(f"runLoadBalancing {UUID(vm) if vm else '-'} [{', '.join(str(UUID(host)) for host in targets)}]")


def print_errors(method: str, answer: dict[str, Any]) -> None:
    """Prints the result code, and the errors where the engine would read them."""
    code = answer["result_code"]
    print(f"{method} result_code {code}")
    if code == 0:
        return
    for name, messages in sorted(answer.get("plugin_errors", {}).items()):
        print(f"{method} error of {name}: [{', '.join(messages)}]")
    if "errors" in answer:
        print(f"{method} errors [{', '.join(answer['errors'])}]")


def main(url: str, vm: str, hosts: str, filters: str, scores: str, balancer: str) -> None:
    """Makes the calls."""
    with ServerProxy(url, allow_none=True) as scheduler:
        discover(scheduler)
        run_filters(scheduler, filters.split(","), hosts.split(","), vm)
        run_cost_functions(scheduler, scores.split(","), hosts.split(","), vm)
        run_load_balancing(scheduler, balancer, hosts.split(","))


if __name__ == "__main__":
    if len(sys.argv) != 7:
        print("usage: engine_client.py URL VM_ID HOST_ID,... FILTER,... SCORE,... BALANCER", file=sys.stderr)
        sys.exit(2)
    main(*sys.argv[1:])
