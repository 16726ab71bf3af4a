"""A scoring service in Python: it prefers hosts that have free licenses of a site's database.

Usage: service.py LICENSES.json [HOST:PORT]

LICENSES.json maps the ids of hosts to numbers of free licenses. The service has no inventory of the engine and needs
none: a host that is not in the file has no license.
"""

import json
import re
import signal
import sys
from concurrent import futures

import grpc
from hostscore.v1 import policy_unit_service_pb2 as pb
from hostscore.v1 import policy_unit_service_pb2_grpc as pb_grpc

SCORE = "license_score"
FILTER = "license_filter"

# A property that an administrator can set in a scheduling policy, and what it is when nobody does.
NEEDED = pb.UnitProperty(
    name="licenses_needed",
    pattern="[1-9][0-9]{0,3}",
    default_value="1",
    description="Licenses that the virtual machine takes.",
)

UNITS = [
    pb.PolicyUnit(
        name=SCORE,
        type=pb.POLICY_UNIT_TYPE_SCORE,
        direction=pb.DIRECTION_HIGHER_IS_BETTER,
        description="Ranks a host higher the more licenses are left when the virtual machine has taken its own.",
        properties=[NEEDED],
    ),
    pb.PolicyUnit(
        name=FILTER,
        type=pb.POLICY_UNIT_TYPE_FILTER,
        description="Rejects hosts with too few licenses.",
        properties=[NEEDED],
    ),
]


class LicenseService(pb_grpc.PolicyUnitServiceServicer):
    """The contract. What is not written here, such as BalanceHosts, answers UNIMPLEMENTED."""

    def __init__(self, free_licenses):
        self.free_licenses = free_licenses

    def ListPolicyUnits(self, request, context):
        return pb.ListPolicyUnitsResponse(policy_units=UNITS)

    def ScoreHosts(self, request, context):
        hosts = hosts_of(request, context)
        needed, failure = licenses_needed(request)
        values = [] if failure else [self.score(host, needed) for host in hosts]
        # A request without units means all of them; the failure of one is data, never the status of the call.
        names = [unit.name for unit in request.units] or [SCORE]
        answer = pb.ScoreHostsResponse()
        for host in hosts:
            # The sum, weight times score, is left out: the caller makes it of the values.
            score = answer.scores.add(host_id=host)
            if request.explain and SCORE in names and not failure:
                score.reasons.add(unit=SCORE, text=f"{self.free(host)} licenses are free, {needed} are needed")
        for name in names:
            if name != SCORE:
                answer.unit_results.add(unit=name, failure=not_found(name))
            elif failure:
                answer.unit_results.add(unit=name, failure=failure)
            else:
                answer.unit_results.add(unit=name, scores=pb.UnitScores(values=values))
        return answer

    def FilterHosts(self, request, context):
        hosts = hosts_of(request, context)
        needed, failure = licenses_needed(request)
        accepted = [host for host in hosts if failure or self.free(host) >= needed]
        names = list(request.units) or [FILTER]
        # A filter that fails, or is not offered here, rejects nothing.
        answer = pb.FilterHostsResponse(host_ids=accepted if FILTER in names else hosts)
        for name in names:
            if name != FILTER:
                answer.unit_results.add(unit=name, failure=not_found(name))
            elif failure:
                answer.unit_results.add(unit=name, failure=failure)
            else:
                result = answer.unit_results.add(unit=name, accepted=pb.AcceptedHosts(host_ids=accepted))
                for host in hosts:
                    if request.explain and host not in accepted:
                        reason = f"{self.free(host)} licenses are free, {needed} are needed"
                        result.rejected.add(host_id=host, reason=reason)
        return answer

    def free(self, host):
        return self.free_licenses.get(host, 0)

    def score(self, host, needed):
        """100 when ten or more licenses are left, 10 less for each that is missing."""
        return max(0, min(100, 10 * (self.free(host) - needed)))


def hosts_of(request, context):
    """Returns the hosts to answer for: each once, in the order asked, in lower case."""
    if request.all_hosts:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "all_hosts: this service has no inventory; name host_ids")
    if request.policy:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"policy: this service has none, got {request.policy!r}; name units")
    return list(dict.fromkeys(host.lower() for host in request.host_ids))


def licenses_needed(request):
    """Returns the number that the property sets, or the failure of a unit that can't read it."""
    value = request.properties.get(NEEDED.name, NEEDED.default_value)
    if re.fullmatch(NEEDED.pattern, value):
        return int(value), None
    message = f"{NEEDED.name}: expected {NEEDED.pattern}, got {value!r}"
    return 0, pb.Failure(code=pb.FAILURE_CODE_INVALID_ARGUMENT, message=message)


def not_found(unit):
    return pb.Failure(
        code=pb.FAILURE_CODE_NOT_FOUND,
        not_found=pb.NOT_FOUND_SUBJECT_UNIT,
        message=f"no unit {unit!r}; this service has {SCORE} and {FILTER}",
    )


def main(file, listen="127.0.0.1:50061"):
    with open(file, encoding="utf-8") as text:
        licenses = {host.lower(): int(count) for host, count in json.load(text).items()}
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    pb_grpc.add_PolicyUnitServiceServicer_to_server(LicenseService(licenses), server)
    port = server.add_insecure_port(listen)
    server.start()
    print(f"listening on {listen.rpartition(':')[0]}:{port}", flush=True)
    # Calls that are under way get their answers.
    signal.signal(signal.SIGTERM, lambda *_: server.stop(grace=5))
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
