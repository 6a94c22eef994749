package httpdev

import (
	"context"
	"fmt"
	"net/http"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Name is what a device's driver field calls this driver.
const Name = "http"

// Driver opens sessions with devices that speak HTTP. The zero value is ready.
type Driver struct {
	// Secrets are where secrets may be that devices name; nil: nowhere.
	Secrets *keys.Places
}

var (
	_ actors.Driver   = (*Driver)(nil)
	_ actors.Checker  = (*Driver)(nil)
	_ actors.Poller   = (*session)(nil)
	_ actors.Actuator = (*session)(nil)
)

// Check tells whether the device's address and the protocol entries of its resources are understood.
func (*Driver) Check(d actors.Device) error {
	if d.Spec == nil || d.Profile == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "the http driver needs a device and its profile")
	}
	at, problems := parseAddress(d.Spec, d.Profile, nil)
	_, flaws := parseEntries(at, d.Profile)
	return append(problems, flaws...).Err()
}

// Open reads the secrets, and one document, so that a device that is not there is not taken for open.
func (d *Driver) Open(ctx context.Context, device actors.Device) (actors.Session, error) {
	s, err := d.open(ctx, device)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", device.Spec.GetId(), err)
	}
	return s, nil
}

func (d *Driver) open(ctx context.Context, device actors.Device) (*session, error) {
	if err := d.Check(device); err != nil {
		return nil, err
	}
	at, _ := parseAddress(device.Spec, device.Profile, d.Secrets)
	entries, _ := parseEntries(at, device.Profile)
	client, err := newClient(at)
	if err != nil {
		return nil, err
	}
	s := &session{device: device.Spec.GetId(), at: at, entries: entries, client: client}
	if err := s.greet(ctx, device.Profile); err != nil {
		client.close()
		return nil, err
	}
	return s, nil
}

// session is one session with a device. Its calls come one at a time.
type session struct {
	device  string
	at      *address
	entries map[string]*entry
	client  *client

	unanswered map[string]bool // URLs that got no answer when they were read last
}

// greet reads the first document that there is to read. Whatever a device answers, it is there; but one that does not know us has
// to be told first.
func (s *session) greet(ctx context.Context, p *roostv1.Profile) error {
	for _, r := range p.GetResources() {
		if !r.Readable() {
			continue
		}
		_, err := s.get(ctx, s.entries[r.GetName()].url)
		if status := statusOf(err); status != 0 && status != http.StatusUnauthorized && status != http.StatusForbidden {
			return nil
		}
		return err
	}
	return context.Cause(ctx)
}

// Poll reads the resources, those of one path with one request.
func (s *session) Poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	samples, err := s.poll(ctx, resources)
	if err != nil {
		return nil, fmt.Errorf("poll %s: %w", s.device, err)
	}
	return samples, nil
}

// Actuate writes a resource, or sends a command.
func (s *session) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	if err := s.actuate(ctx, a); err != nil {
		return nil, fmt.Errorf("%s of %s: %w", named(a), s.device, err)
	}
	return nil, nil
}

func named(a actors.Action) string {
	if a.Resource != "" {
		return "write " + a.Resource
	}
	return "command " + a.Command
}

// Close ends what is on its way. Nothing is said to the device: HTTP has no farewell.
func (s *session) Close(context.Context) error {
	s.client.close()
	return nil
}
