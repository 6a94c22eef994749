package findopcua

import (
	"context"
	"fmt"
	"slices"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

// wanted is an attribute of a node that is to be read, and what is done with it.
type wanted struct {
	id   *ua.ReadValueID
	take func(*ua.DataValue)
}

func want(node *ua.NodeID, attribute ua.AttributeID, take func(*ua.DataValue)) wanted {
	return wanted{&ua.ReadValueID{NodeID: node, AttributeID: attribute, DataEncoding: &ua.QualifiedName{}}, take}
}

// property notes where the unit or the range of a variable is; both are read later.
func (v *variable) property(r *ua.ReferenceDescription) {
	switch r.BrowseName.Name {
	case "EngineeringUnits":
		v.properties = append(v.properties, want(r.NodeID.NodeID, ua.AttributeIDValue, func(d *ua.DataValue) {
			if info, ok := structure(d).(*ua.EUInformation); ok && info.DisplayName != nil {
				v.unit = info.DisplayName.Text
			}
		}))
	case "EURange":
		v.properties = append(v.properties, want(r.NodeID.NodeID, ua.AttributeIDValue, func(d *ua.DataValue) {
			if limits, ok := structure(d).(*ua.Range); ok {
				v.limit = limits
			}
		}))
	}
}

// structure returns the structure that a value is; nil if it is none that is known.
func structure(d *ua.DataValue) any {
	if d == nil || d.Value == nil {
		return nil
	}
	if o, ok := d.Value.Value().(*ua.ExtensionObject); ok && o != nil {
		return o.Value
	}
	return nil
}

// attributes are what is asked of a variable.
func (v *variable) attributes() []wanted {
	number := func(d *ua.DataValue) int64 {
		if d == nil || d.Value == nil {
			return 0
		}
		switch n := d.Value.Value().(type) {
		case int32:
			return int64(n)
		case uint8:
			return int64(n)
		}
		return 0
	}
	return append([]wanted{
		want(v.node, ua.AttributeIDDataType, func(d *ua.DataValue) {
			if d != nil && d.Value != nil {
				v.kind, _ = d.Value.Value().(*ua.NodeID)
			}
		}),
		want(v.node, ua.AttributeIDValueRank, func(d *ua.DataValue) { v.rank = int32(number(d)) }),
		want(v.node, ua.AttributeIDUserAccessLevel, func(d *ua.DataValue) {
			v.write = ua.AccessLevelType(number(d))&ua.AccessLevelTypeCurrentWrite != 0
		}),
		want(v.node, ua.AttributeIDValue, func(d *ua.DataValue) { v.data = d }),
	}, v.properties...)
}

// ask asks for the attributes of all variables that were found.
func (b *browser) ask(ctx context.Context) error {
	var all []wanted
	for _, v := range b.found {
		all = append(all, v.attributes()...)
	}
	for some := range slices.Chunk(all, 4*atOnce) {
		if err := b.read(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func (b *browser) read(ctx context.Context, some []wanted) error {
	request := &ua.ReadRequest{TimestampsToReturn: ua.TimestampsToReturnNeither}
	for _, w := range some {
		request.NodesToRead = append(request.NodesToRead, w.id)
	}
	answer, err := b.Do(ctx, request)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	response, ok := answer.(*ua.ReadResponse)
	if !ok || len(response.Results) != len(some) {
		return fmt.Errorf("read: the server answered with %T", answer)
	}
	for i, w := range some {
		w.take(response.Results[i])
	}
	return nil
}

// namespaces asks for the URIs of the server's namespaces.
func (b *browser) namespaces(ctx context.Context) ([]string, error) {
	var uris []string
	err := b.read(ctx, []wanted{want(ua.NewNumericNodeID(0, id.Server_NamespaceArray), ua.AttributeIDValue, func(d *ua.DataValue) {
		if d != nil && d.Value != nil {
			uris, _ = d.Value.Value().([]string)
		}
	})})
	return uris, err
}
