package opcua

import (
	"context"
	"errors"
	"fmt"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Actuate writes a resource, or calls the method that a command is.
func (s *session) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	if a.Resource == "" {
		results, err := s.call(ctx, a)
		if err != nil {
			return nil, fmt.Errorf("command %s of %s: %w", a.Command, s.name(), err)
		}
		return results, nil
	}
	if err := s.write(ctx, a); err != nil {
		return nil, fmt.Errorf("write %s of %s: %w", a.Resource, s.name(), err)
	}
	return nil, nil
}

func (s *session) write(ctx context.Context, a actors.Action) error {
	p := s.points[a.Resource]
	if p == nil || !p.resource.Writable() {
		return fmt.Errorf("%w: there is no such resource to write", actors.ErrNotSent)
	}
	if p.kind == typeUnknown {
		if err := s.learn(ctx, []*point{p}); err != nil {
			return fmt.Errorf("%w: ask for its type: %w", actors.ErrNotSent, err)
		}
	}
	value, err := p.encode(a.Value)
	if err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	answer, err := s.Do(ctx, &ua.WriteRequest{NodesToWrite: []*ua.WriteValue{{
		NodeID: p.id, AttributeID: ua.AttributeIDValue, IndexRange: p.index,
		Value: &ua.DataValue{EncodingMask: ua.DataValueValue, Value: value}, // with a time or a status many servers refuse it
	}}})
	if err != nil {
		return outcome(err)
	}
	written, ok := answer.(*ua.WriteResponse)
	if !ok || len(written.Results) != 1 {
		return fmt.Errorf("the server's answer is a %T of others", answer)
	}
	return verdict(written.Results[0])
}

// outcome is what is known of an action whose request ended with an error.
func outcome(err error) error {
	var fault *channel.ServiceFault
	switch {
	case errors.Is(err, channel.ErrNotSent):
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	case errors.As(err, &fault) && undone(fault.Code):
		return fmt.Errorf("%w: %w", actors.ErrRefused, err)
	}
	return err
}

// verdict is what a code says of an action. One that completes asynchronously has come to somebody in between, who does not know whether it
// came to the device (Part 4, 5.10.4).
func verdict(code ua.StatusCode) error {
	switch {
	case code&meaning == ua.StatusGoodCompletesAsynchronously:
		return fmt.Errorf("the server has it, and does not know whether the device does: %w", code)
	case code&severity == isGood:
		return nil
	case undone(code):
		return fmt.Errorf("%w: %w", actors.ErrRefused, code)
	}
	return fmt.Errorf("the server says %w", code)
}

func (p *point) encode(v *roostv1.Value) (*ua.Variant, error) {
	switch {
	case p.kind == typeUnknown:
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "the server does not say of which type the value of %s is: say so in its protocol, as type: Double", p.node)
	case !suits(p.kind, p.resource.GetType()):
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "the server has a %s, and the profile a %s", word(p.kind), p.resource.GetType().Word())
	}
	return encode(v, p.kind, p.index != "")
}

// learn asks of which types values are. What the server does not tell stays unknown, and is asked again when it is to be written.
func (s *session) learn(ctx context.Context, points []*point) error {
	for _, some := range parts(points, max(s.at.most/2, 1)) {
		var nodes []*ua.ReadValueID
		for _, p := range some {
			nodes = append(nodes, readID(p.id, ua.AttributeIDDataType, ""), readID(p.id, ua.AttributeIDValue, ""))
		}
		results, err := s.read(ctx, nodes)
		if err != nil {
			return fmt.Errorf("ask for the types of values: %w", err)
		}
		for i, p := range some {
			p.kind = kindOf(results[2*i], results[2*i+1])
		}
	}
	return nil
}

// kindOf returns the type of a value by the type that its node has, or, where that is one of many or the server's own, by the value that is
// there now.
func kindOf(dataType, value *ua.DataValue) ua.TypeID {
	if node, ok := dataType.Value.Value().(*ua.NodeID); ok {
		if kind := builtin(node); kind != typeUnknown {
			return kind
		}
	}
	return value.Value.Type()
}

// builtin returns the type of values of a data type; typeUnknown if that is none of the simple ones.
func builtin(node *ua.NodeID) ua.TypeID {
	if node == nil || node.Namespace() != 0 || node.StringID() != "" {
		return typeUnknown
	}
	switch n := node.IntID(); n {
	case id.Duration:
		return ua.TypeIDDouble
	case id.UtcTime:
		return ua.TypeIDDateTime
	case id.Counter, id.IntegerID:
		return ua.TypeIDUint32
	case id.LocaleID, id.NumericRange:
		return ua.TypeIDString
	default:
		for _, kind := range kinds {
			if n == uint32(kind) {
				return kind
			}
		}
	}
	return typeUnknown
}
