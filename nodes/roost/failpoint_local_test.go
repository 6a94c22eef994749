//go:build failpoints && unix

package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestFailpointsWithoutHub kills a gateway between its own disk and the wire, again and again, while it is sent commands
// without the hub, and lets the hardware say what was done, once the hub is back and has all their records.
func TestFailpointsWithoutHub(t *testing.T) {
	const commands, each = 24, 5
	for _, point := range failpoints {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 4, func(d *roostv1.DeviceSpec) { d.Placement = &roostv1.Placement{Gateways: []string{"g1"}} })
			f.folder = shortFolder(t) // for the control socket
			own := filepath.Join(f.folder, "g1", "gateway-g1")
			first := f.start("g1")
			f.settled("g1")
			f.until("the registry is stored with the epochs", func() bool { return len(storedRegistry(t, own).GetEpochs()) == len(f.devices) })
			first.kill()
			data := filepath.Dir(f.log)
			listened := f.stopHub()
			m := f.mortal("g1", point, each)
			sent := f.sendAllLocal(own, commands)
			f.folder = data // where the hub's data are
			f.startHub(listened)
			kills := m.stop()
			f.folder = filepath.Dir(filepath.Dir(own))
			f.start("g1")
			f.until("all is merged", func() bool {
				left, err := os.ReadDir(filepath.Join(own, "commands"))
				return err == nil && len(left) == 0
			})
			for id, record := range sent {
				sent[id] = f.ended(&roostv1.CommandRecord{CommandId: id, DeviceId: record.DeviceId})
			}
			if kills < commands/each/2 {
				t.Errorf("the gateway was killed %d times at %s: nothing was tested", kills, point)
			}
			f.judgeDeeds(sent) // one process after the other has the epoch, as the lock of the folder lets them
			f.inHistory(sent)
			t.Logf("%d commands, %d kills %s: %v", len(sent), kills, point, outcomes(sent))
		})
	}
}

// sendAllLocal sends commands at the gateway of this machine, each until it has ended there.
func (f *fleet) sendAllLocal(folder string, commands int) map[string]*roostv1.CommandRecord {
	f.tb.Helper()
	client := control.NewClient(folder)
	var mu sync.Mutex
	sent := map[string]*roostv1.CommandRecord{}
	var senders sync.WaitGroup
	for s, device := range f.devices {
		senders.Go(func() {
			for i := s; i < commands; i += len(f.devices) {
				record := f.sendLocalSurely(client, &roostv1.Command{
					Id: fmt.Sprintf("c-%d", i), DeviceId: device.Id, Name: "dose", QueueWhileAway: true,
					Arguments: map[string]*roostv1.Value{"ml": roostv1.Double(1)}, ExpiresIn: durationpb.New(20 * time.Second),
				})
				mu.Lock()
				sent[record.GetCommandId()] = record
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	return sent
}

func (f *fleet) sendLocalSurely(client *control.Client, c *roostv1.Command) *roostv1.CommandRecord {
	ctx, cancel := context.WithTimeout(context.Background(), 2*longest)
	defer cancel()
	for {
		record, err := client.Send(ctx, c, 5*time.Second)
		if err == nil && record.State.Final() {
			return record
		}
		if ctx.Err() != nil {
			f.tb.Errorf("command %s has not ended without the hub: %v, %v", c.Id, record, err)
			return &roostv1.CommandRecord{CommandId: c.Id, DeviceId: c.DeviceId, Command: c}
		}
		rest(ctx, 20*time.Millisecond) // the gateway is being started
	}
}
