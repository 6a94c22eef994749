package snmp

import (
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Written returns the object that a write of v to r sends.
func Written(r *roostv1.Resource, v *roostv1.Value) (gosnmp.SnmpPDU, error) {
	entries, problems := parseEntries(&roostv1.Profile{Resources: []*roostv1.Resource{r}})
	if err := problems.Err(); err != nil {
		return gosnmp.SnmpPDU{}, err
	}
	return entries[r.Name].encode(v)
}

// Decoded returns what an object tells of r.
func Decoded(r *roostv1.Resource, v gosnmp.SnmpPDU) (*roostv1.Value, roostv1.QualityReason) {
	entries, _ := parseEntries(&roostv1.Profile{Resources: []*roostv1.Resource{r}})
	return entries[r.Name].decode(&v)
}

// Age makes what a session knows of its agent's clock older.
func Age(s actors.Session, by time.Duration) {
	a := s.(*session).agent
	a.engine.heard = a.engine.heard.Add(-by)
	a.engine.time -= uint32(by / time.Second)
}
