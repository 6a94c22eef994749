package opcua

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// session is what sessions have in common, whichever way they get their values.
type session struct {
	*channel.Session
	device  actors.Device
	secrets *keys.Places
	at      address
	points  map[string]*point
	methods map[string]*method
}

// point is a resource as the server has it.
type point struct {
	*entry
	id *ua.NodeID
}

func (s *session) name() string { return s.device.Spec.GetId() }

// locate finds the ids of all nodes, and asks for the types of those that may be written.
func (s *session) locate(ctx context.Context, entries map[string]*entry) error {
	namespaces, err := s.namespaces(ctx, entries)
	if err != nil {
		return fmt.Errorf("ask for the namespaces of %s: %w", s.at.to, err)
	}
	s.points = make(map[string]*point, len(entries))
	var written []*point
	for name, e := range entries {
		p := &point{entry: e}
		if p.id, err = e.node.in(namespaces); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s.points[name] = p
		if e.resource.Writable() && e.kind == typeUnknown {
			written = append(written, p)
		}
	}
	for _, m := range s.methods {
		if err := m.locate(namespaces); err != nil {
			return err
		}
	}
	return s.learn(ctx, written)
}

// namespaces asks for the namespaces of the server, if a node names one by its URI.
func (s *session) namespaces(ctx context.Context, entries map[string]*entry) ([]string, error) {
	named := false
	for _, e := range entries {
		named = named || e.node.uri() != ""
	}
	for _, m := range s.methods {
		named = named || m.object.uri() != "" || m.method.uri() != ""
	}
	if !named {
		return nil, nil
	}
	results, err := s.read(ctx, []*ua.ReadValueID{readID(ua.NewNumericNodeID(0, id.Server_NamespaceArray), ua.AttributeIDValue, "")})
	if err != nil {
		return nil, err
	}
	names, ok := results[0].Value.Value().([]string)
	if !ok {
		return nil, fmt.Errorf("the server says %v", results[0].Status)
	}
	return names, nil
}

func readID(id *ua.NodeID, attribute ua.AttributeID, index string) *ua.ReadValueID {
	return &ua.ReadValueID{NodeID: id, AttributeID: attribute, IndexRange: index, DataEncoding: new(ua.QualifiedName)}
}

// read reads attributes of nodes, in one request. There are as many results as nodes.
func (s *session) read(ctx context.Context, nodes []*ua.ReadValueID) ([]*ua.DataValue, error) {
	answer, err := s.Do(ctx, &ua.ReadRequest{NodesToRead: nodes, TimestampsToReturn: ua.TimestampsToReturnSource})
	if err != nil {
		return nil, s.explain(err)
	}
	read, ok := answer.(*ua.ReadResponse)
	if !ok || len(read.Results) != len(nodes) {
		return nil, fmt.Errorf("the server's answer to a read of %d nodes is a %T of others", len(nodes), answer)
	}
	return read.Results, nil
}

// explain says what to do about an error, where that is known.
func (s *session) explain(err error) error {
	if errors.Is(err, ua.StatusBadTooManyOperations) {
		return fmt.Errorf("%w; the server takes fewer than %d nodes at once: say so in the address, as most=100", err, s.at.most)
	}
	return err
}

// parts cuts a list into parts of at most so many.
func parts[T any](all []T, most int) [][]T {
	var cut [][]T
	for len(all) > 0 {
		n := min(most, len(all))
		cut, all = append(cut, all[:n]), all[n:]
	}
	return cut
}

// sample is what the server says of a point.
func (p *point) sample(v *ua.DataValue) actors.Sample {
	sample := actors.Sample{
		Resource: p.resource.GetName(), Quality: qualityOf(v.Status), Reason: reasonOf(v.Status), VendorCode: uint32(v.Status), Source: v.SourceTimestamp,
	}
	if sample.Quality == roostv1.Quality_QUALITY_BAD {
		return sample
	}
	if sample.Value = decode(v.Value, p.index != "", p.resource.GetType()); sample.Value == nil {
		sample.Quality, sample.Reason = roostv1.Quality_QUALITY_BAD, roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR
		sample.Detail = p.unexpected(v.Value)
	}
	return sample
}

// unexpected says what came in place of a value.
func (p *point) unexpected(v *ua.Variant) string {
	if v == nil || v.Value() == nil {
		return fmt.Sprintf("nothing came, where %s is expected", p.resource.GetType().Word())
	}
	return fmt.Sprintf("%s came, a %T, where %s is expected", clipped(fmt.Sprint(v.Value())), v.Value(), p.resource.GetType().Word())
}

// clipped is as much of what came as is shown.
func clipped(text string) string {
	const most = 64
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}

// refused is a point of which the server gives no values.
func (p *point) refused(code ua.StatusCode) actors.Sample {
	return actors.Sample{
		Resource: p.resource.GetName(), Quality: roostv1.Quality_QUALITY_BAD, Reason: reasonOf(code), VendorCode: uint32(code),
	}
}
