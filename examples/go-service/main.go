// A scoring service in Go: it prefers hosts in racks that draw little power.
//
// Usage: powerservice WATTS.json [HOST:PORT]
//
// WATTS.json maps the ids of hosts to the watts that their rack draws. The service has no inventory of the engine and
// needs none.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "example.com/powerservice/hostscorev1"
)

const unitName = "rack_power"

// Watts of a host that is not in the file: as many as a full rack draws.
const unknownWatts = 20_000

// What is not written here, such as FilterHosts, answers Unimplemented.
type powerService struct {
	pb.UnimplementedPolicyUnitServiceServer
	watts map[string]int32
}

func (s *powerService) ListPolicyUnits(context.Context, *pb.ListPolicyUnitsRequest) (*pb.ListPolicyUnitsResponse, error) {
	return &pb.ListPolicyUnitsResponse{PolicyUnits: []*pb.PolicyUnit{{
		Name: unitName,
		Type: pb.PolicyUnitType_POLICY_UNIT_TYPE_SCORE,
		// Raw numbers of any size, of which the lowest is best: whoever sums up brings them to 0..100.
		Direction:   pb.Direction_DIRECTION_LOWER_IS_BETTER,
		Description: "Prefers hosts in racks that draw little power.",
	}}}, nil
}

func (s *powerService) ScoreHosts(_ context.Context, request *pb.ScoreHostsRequest) (*pb.ScoreHostsResponse, error) {
	if request.AllHosts {
		return nil, status.Error(codes.InvalidArgument, "all_hosts: this service has no inventory; name host_ids")
	}
	if request.Policy != "" {
		return nil, status.Errorf(codes.InvalidArgument, "policy: this service has none, got %q; name units", request.Policy)
	}

	// Each host once, in the order asked, in lower case.
	var hosts []string
	var watts []int32
	for _, id := range request.HostIds {
		if id = strings.ToLower(id); !slices.Contains(hosts, id) {
			hosts = append(hosts, id)
			watts = append(watts, s.wattsOf(id))
		}
	}

	// The caller sums up by itself what a service leaves out.
	answer := &pb.ScoreHostsResponse{}
	for place, id := range hosts {
		score := &pb.HostScore{HostId: id}
		if request.Explain {
			score.Reasons = []*pb.Reason{{Unit: unitName, Text: fmt.Sprintf("the rack draws %d W", watts[place])}}
		}
		answer.Scores = append(answer.Scores, score)
	}

	// A request without units means all of them; the failure of one is data, never the status of the call.
	units := request.Units
	if len(units) == 0 {
		units = []*pb.WeightedUnit{{Name: unitName}}
	}
	for _, unit := range units {
		result := &pb.ScoreUnitResult{Unit: unit.Name}
		if unit.Name == unitName {
			result.Outcome = &pb.ScoreUnitResult_Scores{Scores: &pb.UnitScores{Values: watts}}
		} else {
			result.Outcome = &pb.ScoreUnitResult_Failure{Failure: &pb.Failure{
				Code:     pb.FailureCode_FAILURE_CODE_NOT_FOUND,
				NotFound: pb.NotFoundSubject_NOT_FOUND_SUBJECT_UNIT,
				Message:  fmt.Sprintf("no unit %q; this service has %s", unit.Name, unitName),
			}}
		}
		answer.UnitResults = append(answer.UnitResults, result)
	}
	return answer, nil
}

func (s *powerService) wattsOf(id string) int32 {
	if watts, known := s.watts[id]; known {
		return watts
	}
	return unknownWatts
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: powerservice WATTS.json [HOST:PORT]")
	}
	service := &powerService{}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := json.Unmarshal(text, &service.watts); err != nil {
		log.Fatalf("%s: %v", os.Args[1], err)
	}
	address := "127.0.0.1:50062"
	if len(os.Args) > 2 {
		address = os.Args[2]
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}

	server := grpc.NewServer()
	pb.RegisterPolicyUnitServiceServer(server, service)
	ending, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	go func() {
		<-ending.Done()
		// Calls that are under way get their answers.
		server.GracefulStop()
	}()
	fmt.Printf("listening on %s\n", listener.Addr())
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
