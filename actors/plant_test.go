package actors_test

import (
	"context"
	"sync"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// plant is a device that keeps what it is told, and shows it: a mixer with an opening, a speed, and a
// stroke that moves the opening on.
type plant struct {
	script
	mu     sync.Mutex
	values map[string]*roostv1.Value
	deaf   bool // it acknowledges and does nothing
	blind  bool // it cannot be read
	lost   bool // it does what it is told, and its answer is lost
	reads  [][]string
}

func newPlant() *plant {
	p := &plant{values: map[string]*roostv1.Value{"opening": roostv1.Double(10), "speed": roostv1.Int(100)}}
	p.script.actuate, p.script.poll = p.act, p.read
	return p
}

func (p *plant) act(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	p.mu.Lock()
	if !p.deaf && a.Resource != "stroke" {
		p.values[a.Resource] = a.Value
	}
	lost := p.lost
	p.mu.Unlock()
	if lost {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return nil, nil
}

func (p *plant) read(_ context.Context, names []string) ([]actors.Sample, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reads = append(p.reads, names)
	if p.blind {
		return nil, nil
	}
	var samples []actors.Sample
	for _, name := range names {
		samples = append(samples, actors.Sample{Resource: name, Value: p.values[name]})
	}
	return samples, nil
}

func (p *plant) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// mixer is its profile. The opening shows within half, and a second.
func mixer() *roostv1.Profile {
	const (
		absolute = roostv1.WriteKind_WRITE_KIND_ABSOLUTE
		both     = roostv1.Access_ACCESS_READ_WRITE
	)
	return &roostv1.Profile{
		Id: "mixer", Revision: 1,
		Resources: []*roostv1.Resource{
			{Name: "opening", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Access: both, WriteKind: absolute, ReadbackTolerance: 0.5},
			{Name: "speed", Type: roostv1.ValueType_VALUE_TYPE_INT, Access: both, WriteKind: absolute, SettleTime: durationpb.New(2e9)},
			{
				Name: "stroke", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Access: roostv1.Access_ACCESS_WRITE,
				WriteKind: roostv1.WriteKind_WRITE_KIND_RELATIVE, Readback: "opening",
			},
			{
				Name: "mode", Type: roostv1.ValueType_VALUE_TYPE_STRING, Access: roostv1.Access_ACCESS_WRITE,
				WriteKind: absolute,
			},
		},
	}
}

// mix is a command that writes resources of the mixer.
func mix(id string, confirmation roostv1.Confirmation, values map[string]*roostv1.Value, change ...func(*roostv1.Command)) *roostv1.Command {
	c := &roostv1.Command{Id: id, DeviceId: "boiler-1", Name: "set", Arguments: values, Confirmation: confirmation}
	for _, f := range change {
		f(c)
	}
	return c
}

const (
	ack      = roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK
	readback = roostv1.Confirmation_CONFIRMATION_READBACK
	reported = roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED
)

type values = map[string]*roostv1.Value

// assignMixer serves the plant as boiler-1, polled each ten seconds.
func (w *site) assignMixer(epoch uint64, desired ...*roostv1.Desired) {
	w.assignment(&roostv1.Assignment{
		Bus: "boiler-1", Epoch: epoch, Profiles: []*roostv1.Profile{mixer()}, Desired: desired,
		Devices: []*roostv1.DeviceSpec{device("boiler-1", func(d *roostv1.DeviceSpec) {
			d.Profile, d.PollInterval = "mixer", durationpb.New(10e9)
		})},
	})
}

// opened is the mixer's opening as a value.
func opened(percent float64) values { return values{"opening": roostv1.Double(percent)} }
