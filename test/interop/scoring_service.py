"""A scoring service in Python: what an author of one has to write. Prints where it listens.

Usage: scoring_service.py HOST:PORT, with the code generated from the contract on PYTHONPATH. Port 0 takes a free one.

It offers one score unit, `last_digit_score`, 100 for a host whose id ends in an odd digit and 0 for the others, and one filter,
`no_host_nine`, which rejects hosts whose id ends in 9.
"""

import sys
from concurrent import futures

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from hostscore.v1 import policy_unit_service_pb2 as messages
from hostscore.v1.policy_unit_service_pb2_grpc import (
    PolicyUnitServiceServicer,
    add_PolicyUnitServiceServicer_to_server,
)

SCORE = "last_digit_score"
FILTER = "no_host_nine"


def score_of(host_id: str) -> int:
    """100 for an id that ends in an odd digit, else 0."""
    return 100 if int(host_id[-1], 16) % 2 == 1 else 0


def not_found(unit: str) -> messages.Failure:
    """The failure of a unit that is not offered here."""
    return messages.Failure(code=messages.FAILURE_CODE_NOT_FOUND, message=f"no unit {unit!r}")


class ScoringService(PolicyUnitServiceServicer):
    """The contract, without an inventory: it judges by ids, so every host is known to it."""

    def ListPolicyUnits(self, request, context):
        unit = messages.PolicyUnit
        return messages.ListPolicyUnitsResponse(
            policy_units=[
                unit(
                    name=SCORE,
                    type=messages.POLICY_UNIT_TYPE_SCORE,
                    description="Prefers hosts with an odd id.",
                    direction=messages.DIRECTION_HIGHER_IS_BETTER,
                ),
                unit(name=FILTER, type=messages.POLICY_UNIT_TYPE_FILTER, description="Rejects ids that end in 9."),
            ]
        )

    def ScoreHosts(self, request, context):
        hosts = list(dict.fromkeys(request.host_ids))
        values = [score_of(host) for host in hosts]
        wanted = request.units or [messages.WeightedUnit(name=SCORE)]
        weight = sum(
            unit.weight if unit.HasField("weight") else 1 for unit in wanted if unit.name == SCORE
        )
        return messages.ScoreHostsResponse(
            scores=[
                messages.HostScore(host_id=host, score=weight * value) for host, value in zip(hosts, values)
            ],
            unit_results=[
                messages.ScoreUnitResult(unit=unit.name, scores=messages.UnitScores(values=values))
                if unit.name == SCORE
                else messages.ScoreUnitResult(unit=unit.name, failure=not_found(unit.name))
                for unit in wanted
            ],
            snapshot_time=now(),
        )

    def FilterHosts(self, request, context):
        hosts = list(dict.fromkeys(request.host_ids))
        accepted = [host for host in hosts if not host.endswith("9")]
        wanted = request.units or [FILTER]
        return messages.FilterHostsResponse(
            host_ids=accepted if FILTER in wanted else hosts,
            unit_results=[
                messages.FilterUnitResult(unit=unit, accepted=messages.AcceptedHosts(host_ids=accepted))
                if unit == FILTER
                else messages.FilterUnitResult(unit=unit, failure=not_found(unit))
                for unit in wanted
            ],
            snapshot_time=now(),
        )


def now() -> Timestamp:
    """The time, as the contract carries it."""
    timestamp = Timestamp()
    timestamp.GetCurrentTime()
    return timestamp


def main(listen: str) -> None:
    """Serves until it is killed."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)])
    add_PolicyUnitServiceServicer_to_server(ScoringService(), server)
    port = server.add_insecure_port(listen)
    server.start()
    print(f"listening on {listen.rsplit(':', 1)[0]}:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1])
