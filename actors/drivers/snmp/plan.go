package snmp

import (
	"slices"

	"github.com/gosnmp/gosnmp"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// object is what is asked for, and the resources that are made of it.
type object struct {
	oid     string
	entries []*entry
}

// batch is what is asked for with one request.
type batch struct {
	objects   []object
	variables []gosnmp.SnmpPDU
}

func batchOf(objects []object) batch {
	variables := make([]gosnmp.SnmpPDU, len(objects))
	for i, o := range objects {
		variables[i] = gosnmp.SnmpPDU{Name: o.oid, Type: gosnmp.Null}
	}
	return batch{objects, variables}
}

// halves returns the batch as two.
func (b batch) halves() []batch {
	middle := len(b.objects) / 2
	return []batch{batchOf(b.objects[:middle]), batchOf(b.objects[middle:])}
}

// without returns the batch without one of its objects; none if nothing is left.
func (b batch) without(i int) []batch {
	if len(b.objects) == 1 {
		return nil
	}
	return []batch{batchOf(slices.Delete(slices.Clone(b.objects), i, i+1))}
}

// planned is how resources were read last.
type planned struct {
	names   []string
	batches []batch
}

// plan returns the batches of the resources. Mostly the same ones are asked for again.
func (s *session) plan(resources []string) ([]batch, error) {
	if s.planned.batches != nil && slices.Equal(s.planned.names, resources) {
		return slices.Clip(s.planned.batches), nil
	}
	objects, err := s.objects(resources)
	if err != nil {
		return nil, err
	}
	var together []object
	batches := []batch{}
	for _, o := range objects {
		if s.alone[o.oid] {
			batches = append(batches, batchOf([]object{o}))
		} else {
			together = append(together, o)
		}
	}
	for objects := range slices.Chunk(together, s.most) {
		batches = append(batches, batchOf(objects))
	}
	s.planned = planned{slices.Clone(resources), batches}
	return slices.Clip(batches), nil
}

// objects returns what resources are made of. Those that the device sends by itself are not asked for.
func (s *session) objects(resources []string) ([]object, error) {
	var objects []object
	at := make(map[string]int, len(resources))
	for _, name := range resources {
		e := s.entries[name]
		if e == nil {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "the profile has no resource %q", name)
		}
		if !e.asked() {
			continue
		}
		i, known := at[e.oid]
		if !known {
			i = len(objects)
			at[e.oid], objects = i, append(objects, object{oid: e.oid})
		}
		objects[i].entries = append(objects[i].entries, e)
	}
	return objects, nil
}

// spoils notes that an object is to be asked for alone from now on, or no longer.
func (s *session) spoils(o object, yes bool) {
	if s.alone[o.oid] == yes {
		return
	}
	if s.alone == nil {
		s.alone = make(map[string]bool)
	}
	s.alone[o.oid] = yes
	s.planned = planned{}
}
