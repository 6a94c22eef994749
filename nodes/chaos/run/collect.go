package run

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/load"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// collectTime bounds the reading of all that is stored.
const collectTime = 2 * time.Minute

// drain waits until all is where it belongs and every command has ended. What has not by then the checkers
// judge.
func (r *running) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeoutCause(ctx, gateTime, fmt.Errorf("not after %v", gateTime))
	defer cancel()
	if err := r.fleet.Settled(ctx); err != nil {
		r.face.say("%s after the faults: %v", r.elapsed(), err)
	}
	late, stop := context.WithTimeout(ctx, drainTime)
	defer stop()
	for r.settle(late); len(r.tally.Open()) > 0; r.settle(late) {
		if !pause(late, 300*time.Millisecond) {
			r.face.say("%s %d commands have not ended", r.elapsed(), len(r.tally.Open()))
			return
		}
	}
}

// settle asks for the end of each command that no client knows it of, and writes it down. The history of commands at the
// hub may be behind, so a gateway is asked.
func (r *running) settle(ctx context.Context) {
	var all errgroup.Group
	all.SetLimit(8)
	for _, o := range r.tally.Open() {
		all.Go(func() error {
			record, err := r.fleet.Client().Command(ctx, o.Device, o.ID, 0)
			switch {
			case errors.Is(err, roostv1.ErrNotFound):
				r.tally.Ended(o) // it was never accepted
			case err == nil && record.State.Final():
				r.tally.Ended(o)
				_ = r.recorders.run.Write(history.AnswerOf(record, history.FromRecord, r.recorders.clocks)) // found out when it is closed
			}
			return nil
		})
	}
	_ = all.Wait() // what failed is asked again
}

// collect writes down how all is in the end.
func (r *running) collect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, collectTime)
	defer cancel()
	r.health(ctx)
	r.pictures(ctx)
	if err := r.spools(ctx); err != nil {
		return err
	}
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	return load.Records(ctx, r.fleet.Client(), r.recorders.clocks, func(a *history.Answer) error {
		return r.recorders.stream.Write(a)
	})
}

// catchUp waits until the sink has all that is stored at this moment, and then reads all that is stored. What is
// stored after that moment counts only as far as the sink has it, and what is acknowledged then not at all: the run is over.
func (r *running) catchUp(ctx context.Context) error {
	r.acks.Stop()
	var last *history.Stored
	if err := r.stored(ctx, func(s *history.Stored) error { last = s; return nil }); err != nil {
		return err
	}
	waiting := uint64(0)
	if last != nil {
		late, cancel := context.WithTimeout(ctx, drainTime)
		defer cancel()
		for !r.sink.Has(&last.Batch) {
			if !pause(late, 50*time.Millisecond) {
				waiting = 1 // at least
				break
			}
		}
	}
	r.stopLoads()
	if err := r.loads.Wait(); err != nil {
		return err
	}
	if err := r.recorders.run.Write(&history.Backlog{Holder: "sink", Sink: true, Waiting: waiting}); err != nil {
		return err
	}
	return r.stored(ctx, func(s *history.Stored) error {
		if (last == nil || s.Sequence > last.Sequence) && !r.sink.Has(&s.Batch) {
			return nil
		}
		return r.recorders.stream.Write(s)
	})
}

func (r *running) stored(ctx context.Context, each func(*history.Stored) error) error {
	names, err := cluster.SubjectsOf(fleet.Name)
	if err != nil {
		return err
	}
	return load.Stored(ctx, r.fleet.Conn(), names, r.recorders.clocks, each)
}

// pictures asks each gateway who owns what, as it believes.
func (r *running) pictures(ctx context.Context) {
	names, err := cluster.SubjectsOf(fleet.Name)
	if err != nil {
		return
	}
	for _, n := range r.fleet.Gateways() {
		for _, d := range r.fleet.Spec().Devices {
			var answer roostv1.HistoryResponse
			if r.ask(ctx, names.GatewayHistory(n.Name), &roostv1.HistoryRequest{DeviceId: d.Id, Bus: d.BusID()}, &answer) != nil {
				break // its health says that it does not answer
			}
			if len(answer.Takeovers) == 0 {
				continue
			}
			last := answer.Takeovers[len(answer.Takeovers)-1]
			_ = r.recorders.run.Write(&history.Picture{ // found out when it is closed
				Gateway: n.Name, Bus: d.BusID(), Epoch: last.Epoch, Owner: history.Peer{Gateway: last.Gateway, Incarnation: last.Incarnation},
			})
		}
	}
}

// ask asks a gateway something.
func (r *running) ask(ctx context.Context, subject string, request, answer proto.Message) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	data, err := roostv1.Marshal(request, false)
	if err != nil {
		return err
	}
	m, err := r.fleet.Conn().RequestWithContext(ctx, subject, data)
	if err != nil {
		return err
	}
	_, err = roostv1.Unmarshal(m.Data, answer)
	return err
}

// askAgain asks up to three times: on a busy machine an answer may be late.
func (r *running) askAgain(ctx context.Context, subject string, request, answer proto.Message) (err error) {
	for range 3 {
		if err = r.ask(ctx, subject, request, answer); err == nil {
			break
		}
	}
	return err
}

// health writes down how each process is.
func (r *running) health(ctx context.Context) {
	names, err := cluster.SubjectsOf(fleet.Name)
	if err != nil {
		return
	}
	for _, n := range r.fleet.Nodes() {
		pid, runs := n.PID()
		h := &history.Health{Node: n.Name, Answers: runs, Memory: resident(pid), Complaints: complaints(r.fleet.Logs(), n)}
		switch n.Kind {
		case fleet.KindGateway:
			var status roostv1.StatusResponse
			h.Answers = runs && r.askAgain(ctx, names.GatewayStatus(n.Name), &roostv1.StatusRequest{Limit: 1}, &status) == nil
			h.Complaints = append(h.Complaints, spoolComplaint(status.GetGateway().GetSpool())...)
		case fleet.KindHub:
			h.Answers = runs && r.fleet.Conn().IsConnected()
		}
		_ = r.recorders.run.Write(h) // found out when it is closed
	}
}

// resident is the memory of a process, in bytes; 0: not known.
func resident(pid int) uint64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, pages uint64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}

// complaint is a line of a log that no process should write.
var complaint = regexp.MustCompile(`^(panic:|fatal error:|WARNING: DATA RACE|goroutine \d+ \[)`)

// complaints are lines in the logs of a node that tell of a panic, a fatal error or a data race; a log that cannot be read is
// one, too.
func complaints(logs string, n *fleet.Node) []string {
	const most = 5
	var found []string
	paths, err := filepath.Glob(filepath.Join(logs, n.Name+".*.err"))
	if err != nil {
		return nil
	}
	for _, path := range paths {
		lines, err := complaintsIn(path)
		if err != nil {
			lines = append(lines, err.Error())
		}
		found = append(found, lines...)
	}
	return found[:min(len(found), most)]
}

func complaintsIn(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	var found []string
	lines := bufio.NewReader(file)
	for begins := true; ; { // a long line comes in parts, and only the first begins it
		line, more, err := lines.ReadLine()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return found, err
		}
		if begins && complaint.Match(line) {
			found = append(found, filepath.Base(path)+": "+trim(line))
		}
		begins = !more
	}
}
