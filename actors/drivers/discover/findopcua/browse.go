package findopcua

import (
	"context"
	"fmt"
	"slices"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/opcua"
)

// Config says what to browse, and how far.
type Config struct {
	// Keys are those of an address of the driver: endpoint, user and so on.
	Keys map[string]string
	// Depth is how many levels below the Objects folder are looked at, and Limit how many variables at most.
	Depth, Limit int
	// Tell is told how far it is; one call at a time.
	Tell func(discover.Progress)
}

// atOnce is how many nodes are asked for at once: what servers take that take little.
const atOnce = 50

// maxNodes bounds how many nodes are looked at: a server may have endless ones.
const maxNodes = 50_000

// variable is a variable of a server.
type variable struct {
	node *ua.NodeID
	path []string // names, from below the Objects folder
	data *ua.DataValue
	kind *ua.NodeID // its data type
	rank int32      // of arrays; scalar is -1
	// write tells that the server lets us write it.
	write bool
	unit  string
	limit *ua.Range
	// properties are where these are.
	properties []wanted
}

// place is a node that is to be looked at.
type place struct {
	node     *ua.NodeID
	path     []string
	variable *variable // if it is one
}

// browser is one run.
type browser struct {
	*opcua.Probe
	Config
	tally *discover.Tally
	seen  map[string]bool
	found []*variable
	more  bool // there is more than was looked at
}

// walk goes down from the Objects folder, until all has been looked at, or ctx or the connection ends.
func (b *browser) walk(ctx context.Context) error {
	level := []place{{node: ua.NewNumericNodeID(0, id.ObjectsFolder)}}
	for depth := 0; len(level) > 0 && depth <= b.Depth; depth++ {
		var next []place
		for some := range slices.Chunk(level, atOnce) {
			below, err := b.children(ctx, some)
			next = append(next, below...)
			if err != nil {
				return err
			}
			if len(b.found) >= b.Limit || len(b.seen) >= maxNodes {
				b.more = true
				return nil
			}
		}
		level = next
	}
	b.more = b.more || slices.ContainsFunc(level, func(p place) bool { return p.variable == nil })
	return nil
}

// children returns what is below some nodes, and notes the variables among it.
func (b *browser) children(ctx context.Context, of []place) ([]place, error) {
	request := &ua.BrowseRequest{View: &ua.ViewDescription{ViewID: ua.NewTwoByteNodeID(0)}, RequestedMaxReferencesPerNode: 1000}
	for _, p := range of {
		request.NodesToBrowse = append(request.NodesToBrowse, &ua.BrowseDescription{
			NodeID: p.node, BrowseDirection: ua.BrowseDirectionForward, ReferenceTypeID: ua.NewNumericNodeID(0, id.HierarchicalReferences),
			IncludeSubtypes: true, NodeClassMask: uint32(ua.NodeClassObject | ua.NodeClassVariable), ResultMask: uint32(ua.BrowseResultMaskAll),
		})
	}
	answer, err := b.Do(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("browse: %w", err)
	}
	response, ok := answer.(*ua.BrowseResponse)
	if !ok || len(response.Results) != len(of) {
		return nil, fmt.Errorf("browse: the server answered with %T", answer)
	}
	b.tally.Step(len(of))
	var below []place
	for i, result := range response.Results {
		references, err := b.all(ctx, result)
		if err != nil {
			return below, err
		}
		below = append(below, b.note(of[i], references)...)
	}
	return below, nil
}

// all returns the references of a node, also those that did not fit one answer.
func (b *browser) all(ctx context.Context, result *ua.BrowseResult) ([]*ua.ReferenceDescription, error) {
	if result == nil {
		return nil, nil
	}
	references := result.References
	for point := result.ContinuationPoint; len(point) > 0 && len(references) < maxNodes; {
		answer, err := b.Do(ctx, &ua.BrowseNextRequest{ContinuationPoints: [][]byte{point}})
		if err != nil {
			return references, fmt.Errorf("browse on: %w", err)
		}
		response, ok := answer.(*ua.BrowseNextResponse)
		if !ok || len(response.Results) != 1 || response.Results[0] == nil {
			return references, fmt.Errorf("browse on: the server answered with %T", answer)
		}
		references, point = append(references, response.Results[0].References...), response.Results[0].ContinuationPoint
	}
	return references, nil
}

// note takes what is below one node.
func (b *browser) note(of place, references []*ua.ReferenceDescription) []place {
	var below []place
	for _, r := range references {
		if r == nil || r.NodeID == nil || r.NodeID.NodeID == nil || r.NodeID.HasServerIndex() || r.BrowseName == nil {
			continue
		}
		node := r.NodeID.NodeID
		own := node.Namespace() == 0 // the server's own, as every server has it
		if isProperty(r) || own || b.seen[node.String()] {
			if isProperty(r) && of.variable != nil {
				of.variable.property(r)
			}
			continue
		}
		b.seen[node.String()] = true
		p := place{node: node, path: append(slices.Clone(of.path), r.BrowseName.Name)}
		if r.NodeClass == ua.NodeClassVariable && len(b.found) < b.Limit {
			p.variable = &variable{node: node, path: p.path}
			b.found = append(b.found, p.variable)
			b.tally.Found("")
		}
		below = append(below, p)
	}
	return below
}

func isProperty(r *ua.ReferenceDescription) bool {
	return r.ReferenceTypeID != nil && r.ReferenceTypeID.Namespace() == 0 && r.ReferenceTypeID.IntID() == id.HasProperty
}
