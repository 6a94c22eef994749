package opcua

import (
	"context"
	"errors"
	"fmt"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// method is what a command of the profile is at the server.
type method struct {
	command        *roostv1.CommandSpec
	object, method nodeText
	objectID, id   *ua.NodeID
	known          bool // that these are its arguments
	takes, gives   []*ua.Argument
}

// parseMethods reads which methods the commands without steps are.
func parseMethods(k *keys.Keys, p *roostv1.Profile) map[string]*method {
	methods := make(map[string]*method)
	for _, c := range p.GetCommands() {
		if len(c.GetSteps()) > 0 {
			continue
		}
		methods[c.GetName()] = &method{
			command: c,
			object:  parseNode(k, "object."+c.GetName(), "command "+c.GetName()+" has no steps: which object has its method, as ns=2;s=Name"),
			method:  parseNode(k, "method."+c.GetName(), "command "+c.GetName()+" has no steps: which method of the object it is, as ns=2;s=Name"),
		}
	}
	return methods
}

func (m *method) locate(namespaces []string) error {
	var err, other error
	m.objectID, err = m.object.in(namespaces)
	m.id, other = m.method.in(namespaces)
	return errors.Join(err, other)
}

func (s *session) call(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	m := s.methods[a.Command]
	if m == nil {
		return nil, fmt.Errorf("%w: there is no such command", actors.ErrNotSent)
	}
	if err := s.study(ctx, m); err != nil {
		return nil, fmt.Errorf("%w: ask for the arguments of its method: %w", actors.ErrNotSent, err)
	}
	inputs, err := m.inputs(a.Arguments)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	answer, err := s.Do(ctx, &ua.CallRequest{MethodsToCall: []*ua.CallMethodRequest{{ObjectID: m.objectID, MethodID: m.id, InputArguments: inputs}}})
	if err != nil {
		return nil, outcome(err)
	}
	called, ok := answer.(*ua.CallResponse)
	if !ok || len(called.Results) != 1 {
		return nil, fmt.Errorf("the server's answer is a %T of others", answer)
	}
	if err := verdict(called.Results[0].StatusCode); err != nil {
		return nil, err
	}
	return m.outputs(called.Results[0].OutputArguments), nil
}

// study asks once which arguments a method takes and gives. One that says nothing of them has none.
func (s *session) study(ctx context.Context, m *method) error {
	if m.known {
		return nil
	}
	found, err := s.properties(ctx, m.id, "InputArguments", "OutputArguments")
	if err != nil {
		return err
	}
	lists := make([][]*ua.Argument, len(found))
	for i, node := range found {
		if node == nil {
			continue
		}
		results, err := s.read(ctx, []*ua.ReadValueID{readID(node, ua.AttributeIDValue, "")})
		if err != nil {
			return err
		}
		if lists[i], err = argumentsIn(results[0]); err != nil {
			return err
		}
	}
	m.takes, m.gives, m.known = lists[0], lists[1], true
	return nil
}

// properties finds properties of a node by their names; nil is one that it does not have.
func (s *session) properties(ctx context.Context, of *ua.NodeID, names ...string) ([]*ua.NodeID, error) {
	request := new(ua.TranslateBrowsePathsToNodeIDsRequest)
	for _, name := range names {
		request.BrowsePaths = append(request.BrowsePaths, &ua.BrowsePath{StartingNode: of, RelativePath: &ua.RelativePath{Elements: []*ua.RelativePathElement{{
			ReferenceTypeID: ua.NewNumericNodeID(0, id.HasProperty), TargetName: &ua.QualifiedName{Name: name},
		}}}})
	}
	answer, err := s.Do(ctx, request)
	if err != nil {
		return nil, err
	}
	translated, ok := answer.(*ua.TranslateBrowsePathsToNodeIDsResponse)
	if !ok || len(translated.Results) != len(names) {
		return nil, fmt.Errorf("the server's answer is a %T of others", answer)
	}
	found := make([]*ua.NodeID, len(names))
	for i, r := range translated.Results {
		switch {
		case r.StatusCode == ua.StatusBadNoMatch:
		case r.StatusCode&severity != isGood:
			return nil, r.StatusCode
		case len(r.Targets) > 0:
			found[i] = ua.NewNodeIDFromExpandedNodeID(r.Targets[0].TargetID)
		}
	}
	return found, nil
}

func argumentsIn(v *ua.DataValue) ([]*ua.Argument, error) {
	objects, ok := v.Value.Value().([]*ua.ExtensionObject)
	if !ok {
		if v.Status&severity == isGood {
			return nil, nil // it says so: none
		}
		return nil, v.Status
	}
	var arguments []*ua.Argument
	for _, o := range objects {
		argument, ok := o.Value.(*ua.Argument)
		if !ok {
			return nil, fmt.Errorf("the server says %T of an argument", o.Value)
		}
		arguments = append(arguments, argument)
	}
	return arguments, nil
}

// inputs puts a command's arguments in the order of the method's.
func (m *method) inputs(given map[string]*roostv1.Value) ([]*ua.Variant, error) {
	inputs := make([]*ua.Variant, 0, len(m.takes))
	for _, argument := range m.takes {
		v := given[argument.Name]
		if v == nil {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "its method wants an argument %q, which the command does not have", argument.Name)
		}
		if argument.ValueRank >= 0 {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "its method wants an array as %s", argument.Name)
		}
		input, err := encode(v, argumentKind(argument.DataType, v), false)
		if err != nil {
			return nil, fmt.Errorf("argument %s: %w", argument.Name, err)
		}
		inputs = append(inputs, input)
	}
	if len(given) > len(inputs) {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "its method wants %d arguments, and the command has %d", len(inputs), len(given))
	}
	return inputs, nil
}

// argumentKind is the type of an argument: the method's, or, where that may be one of many, the value's own. Types of the server's own
// that are whole numbers are enumerations.
func argumentKind(dataType *ua.NodeID, v *roostv1.Value) ua.TypeID {
	if kind := builtin(dataType); kind != typeUnknown {
		return kind
	}
	switch v.Type() {
	case roostv1.ValueType_VALUE_TYPE_BOOL:
		return ua.TypeIDBoolean
	case roostv1.ValueType_VALUE_TYPE_INT, roostv1.ValueType_VALUE_TYPE_UINT:
		return ua.TypeIDInt32
	case roostv1.ValueType_VALUE_TYPE_DOUBLE:
		return ua.TypeIDDouble
	case roostv1.ValueType_VALUE_TYPE_BYTES:
		return ua.TypeIDByteString
	}
	return ua.TypeIDString
}

// outputs names what a method gave. What Roost has no values for is left out.
func (m *method) outputs(given []*ua.Variant) map[string]*roostv1.Value {
	var outputs map[string]*roostv1.Value
	for i, v := range given {
		if i >= len(m.gives) || v == nil {
			break
		}
		value := decode(v, false, plain(v.Value()).Type())
		if value == nil {
			continue
		}
		if outputs == nil {
			outputs = make(map[string]*roostv1.Value)
		}
		outputs[m.gives[i].Name] = value
	}
	return outputs
}
