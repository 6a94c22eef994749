package fleetfile

import (
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v4"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// MaxSize is the size in bytes of the largest file that is read: room for some
// tens of thousands of devices.
const MaxSize = 8 << 20

// Read reads the fleet file at path. See Parse.
func Read(path string, options ...roostv1.FleetOption) (*roostv1.Fleet, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read fleet file: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read fleet file: %w", err)
	}
	return Parse(path, data, options...)
}

// Parse reads a fleet and checks it with roostv1.ValidateFleet, which is given the
// options. The error is an *Error, which tells all problems by file, line and
// column, and is roostv1.ErrInvalid; name is what it calls the file.
func Parse(name string, data []byte, options ...roostv1.FleetOption) (*roostv1.Fleet, error) {
	p := parser{}
	fleet := p.parse(data, options)
	if len(p.problems) > 0 {
		return nil, newError(name, data, p.problems)
	}
	return fleet, nil
}

// parser collects the problems of one file.
type parser struct {
	problems []Problem
	broken   broken
	budget   int // nodes that may still be decoded; see maxAliased
}

func (p *parser) parse(data []byte, options []roostv1.FleetOption) *roostv1.Fleet {
	root := p.load(data)
	if root == nil {
		return nil
	}
	fleet := &roostv1.Fleet{}
	p.decode(root, fleet.ProtoReflect())
	for _, problem := range roostv1.ValidateFleet(fleet, options...) {
		if !p.broken.affects(problem.Path) {
			p.report(locate(root, fleetDescriptor(), problem.Path), "%s", problem.Message)
		}
	}
	return fleet
}

// report adds a problem at a node.
func (p *parser) report(n *yaml.Node, format string, args ...any) {
	p.problems = append(p.problems, Problem{Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...)})
}
