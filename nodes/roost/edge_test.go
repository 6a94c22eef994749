package main_test

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestGatewayWithoutHub: a gateway that is started while the hub is away serves the device that only it can reach. It is
// killed with a command on the wire: the command is not sent again, and the hub has one record of it when it is back.
func TestGatewayWithoutHub(t *testing.T) {
	f := newFleet(t, 1, func(d *roostv1.DeviceSpec) {
		d.Placement = &roostv1.Placement{Gateways: []string{"g1"}}
		d.PollInterval = durationpb.New(100 * time.Millisecond)
	})
	data := filepath.Join(f.folder, "g1")
	own := filepath.Join(data, "gateway-g1")
	args := []string{"gateway", "--id", "g1", "--hub", f.url, "--data", data}
	device := f.devices[0].Id
	first := start(t, args...)
	first.until(t, device+"       online")
	f.until("the registry is stored with the epoch", func() bool {
		s := storedRegistry(t, own)
		return len(s.GetDevices()) == 1 && s.Epochs[device] > 0
	})
	revision := storedRegistry(t, own).Revision
	first.signal(t, syscall.SIGKILL)
	listened := f.stopHub()
	sendStored(t, f, own, device)
	f.misbehave(device, sim.Behaviour{After: time.Minute})

	second := start(t, args...)
	line := second.until(t, "running 1 attached devices")
	if want := "from the registry stored at revision"; !strings.Contains(line, want) || !strings.Contains(line, "the hub at "+f.url+" is away") || revision == 0 {
		t.Errorf("got the line %q", line)
	}
	if got := run(t, "send", "nobody", "pulse", "--local="+own); got.code != 69 || !strings.Contains(got.err, "not sent: the hub is away, and gateway g1 has stored nothing of a device nobody") {
		t.Errorf("to a device that it does not know: %+v", got)
	}
	f.until("the hardware has done it", func() bool { return f.pulses(device) == 1 })
	second.signal(t, syscall.SIGKILL)

	f.misbehave(device, sim.Behaviour{})
	third := start(t, args...)
	third.until(t, device+"       online")
	f.startHub(listened)
	third.until(t, "ready ")
	var record *roostv1.CommandRecord
	f.until("the hub has the record", func() bool {
		var err error
		record, err = f.client.Command(t.Context(), device, "kick", 0)
		return err == nil
	})
	if record.State != roostv1.CommandState_COMMAND_STATE_INDETERMINATE || record.LocalGateway != "g1" || record.Attempt != 1 {
		t.Errorf("at the hub: got %v", record)
	}
	if n := f.pulses(device); n != 1 {
		t.Errorf("the hardware has done it %d times", n)
	}
	if got := run(t, "command", "kick", "--hub", f.url); !strings.Contains(got.out, "taken by   g1, while the hub was away") {
		t.Errorf("its story: %+v", got)
	}
	f.until("its file is gone", func() bool {
		_, err := os.Stat(filepath.Join(own, "commands", device+".kick"))
		return os.IsNotExist(err)
	})
	f.oneDriver()
}

func (f *fleet) misbehave(device string, b sim.Behaviour) {
	f.tb.Helper()
	if err := f.machines.Behave(device, b); err != nil {
		f.tb.Fatal(err)
	}
}

// pulses is how often the device was told to act once.
func (f *fleet) pulses(device string) int {
	n := 0
	for _, r := range f.records() {
		if r.Kind == sim.KindAction && r.Device == device {
			n++
		}
	}
	return n
}

const edgeMark = "roost edge 1\n"

// storedRegistry reads what a gateway has stored of the registry; nil if that is nothing.
func storedRegistry(t *testing.T, folder string) *roostv1.RegistrySnapshot {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "registry"))
	if err != nil {
		return nil
	}
	s := &roostv1.RegistrySnapshot{}
	if err := proto.Unmarshal(data[len(edgeMark)+4:], s); err != nil {
		t.Fatal(err)
	}
	return s
}

// sendStored stores a command as a gateway does that was killed right after it had accepted it.
func sendStored(t *testing.T, f *fleet, folder, device string) {
	t.Helper()
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Skip("only Linux tells one boot from the next")
	}
	uptime := time.Duration(f.now())
	r := &roostv1.CommandRecord{
		CommandId: "kick", DeviceId: device, Bus: device, Order: 1 << 20, Nonce: "n", LocalGateway: "g1",
		AcceptedAt: timestamppb.New(time.Unix(0, 0).Add(uptime)),
		Command: &roostv1.Command{
			Id: "kick", DeviceId: device, Name: "pulse", QueueWhileAway: true,
			Timeout: durationpb.New(50 * time.Second), ExpiresIn: durationpb.New(time.Minute),
		},
	}
	if err := r.Enter(roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_ACCEPTED, At: r.AcceptedAt.AsTime(), Gateway: "g1"}); err != nil {
		t.Fatal(err)
	}
	data, err := proto.Marshal(&roostv1.LocalCommand{
		Record: r, BootId: strings.TrimSpace(string(boot)), AcceptedUptime: durationpb.New(uptime),
	})
	if err != nil {
		t.Fatal(err)
	}
	sealed := binary.BigEndian.AppendUint32([]byte(edgeMark), crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
	if err := os.WriteFile(filepath.Join(folder, "commands", device+".kick"), append(sealed, data...), 0o600); err != nil {
		t.Fatal(err)
	}
}
