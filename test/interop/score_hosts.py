"""Calls hostscore with a client generated from its contract, and prints what it sees as one JSON object.

Usage: score_hosts.py ADDRESS VM_ID HOST_ID EMPTY_HOST_ID, with the generated code on PYTHONPATH.
"""

import json
import sys
from collections.abc import Iterator

import grpc
from hostscore.v1 import policy_unit_service_pb2 as messages
from hostscore.v1.policy_unit_service_pb2_grpc import PolicyUnitServiceStub

TIMEOUT_SECONDS = 10.0


def list_units(service: PolicyUnitServiceStub) -> list[dict[str, object]]:
    """The units: name, type, names of properties."""
    answer = service.ListPolicyUnits(messages.ListPolicyUnitsRequest(), timeout=TIMEOUT_SECONDS)
    return [
        {
            "name": unit.name,
            "type": messages.PolicyUnitType.Name(unit.type),
            "properties": [unit_property.name for unit_property in unit.properties],
        }
        for unit in answer.policy_units
    ]


def score(service: PolicyUnitServiceStub, request: messages.ScoreHostsRequest) -> dict[str, object]:
    """The scores, with what of them is present, and the request id that came back in the trailers."""
    answer, call = service.ScoreHosts.with_call(request, timeout=TIMEOUT_SECONDS)
    return {
        "scores": [
            {
                "host": host.host_id,
                "score": host.score,
                "has_score": host.HasField("score"),
                "has_name": host.HasField("host_name"),
                "reasons": len(host.reasons),
            }
            for host in answer.scores
        ],
        "outcomes": [result.WhichOneof("outcome") for result in answer.unit_results],
        "snapshot_year": answer.snapshot_time.ToDatetime().year,
        "request_id": dict(call.trailing_metadata()).get("x-request-id"),
    }


def score_stream(
    service: PolicyUnitServiceStub, requests: Iterator[messages.ScoreHostsRequest]
) -> list[dict[str, object]]:
    """One entry for each answer: its request's id, and the scores or the failure."""
    return [
        {
            "request_id": answer.request_id,
            "outcome": answer.WhichOneof("outcome"),
            "scores": [host.score for host in answer.response.scores],
            "failure": messages.FailureCode.Name(answer.failure.code),
        }
        for answer in service.StreamScoreHosts(requests, timeout=TIMEOUT_SECONDS)
    ]


def refusal(service: PolicyUnitServiceStub, request: messages.ScoreHostsRequest) -> dict[str, str]:
    """The status of a call that has to fail."""
    try:
        service.ScoreHosts(request, timeout=TIMEOUT_SECONDS)
    except grpc.RpcError as error:
        return {"code": error.code().name, "details": error.details()}
    raise SystemExit("expected a status, got an answer")


def main(address: str, vm: str, host: str, empty_host: str) -> None:
    """Makes the calls and prints what came of them."""

    def request(*host_ids: str, **fields: object) -> messages.ScoreHostsRequest:
        # Named, so that a new unit changes nothing here.
        units = [messages.WeightedUnit(name="ksm_same_os_score")]
        return messages.ScoreHostsRequest(vm_id=vm, host_ids=host_ids, units=units, **fields)

    with grpc.insecure_channel(address) as channel:
        service = PolicyUnitServiceStub(channel)
        print(
            json.dumps(
                {
                    "units": list_units(service),
                    "scored": score(
                        service,
                        request(host, empty_host, properties={"os_identity": "family"}, request_id="from-python"),
                    ),
                    "explained": score(service, request(host, explain=True)),
                    "streamed": score_stream(
                        service,
                        iter(
                            [
                                request(empty_host, request_id="first"),
                                request("abc", request_id="second"),
                                request(empty_host, request_id="third"),
                            ]
                        ),
                    ),
                    "refused": refusal(service, request("abc")),
                }
            )
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
