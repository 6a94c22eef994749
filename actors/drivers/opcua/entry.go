package opcua

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// entry is what the protocol entries of a resource say.
type entry struct {
	resource *roostv1.Resource
	node     nodeText
	sampling time.Duration // 0: as often as is published
	index    string        // of one element of an array; empty: the value is none
	kind     ua.TypeID     // that the server's value has; typeUnknown: to be asked
}

// typeUnknown is no type of a value that anybody has.
const typeUnknown = ua.TypeIDNull

// kinds are the types that are written, by what they are called in profiles.
var kinds = map[string]ua.TypeID{
	"Boolean": ua.TypeIDBoolean, "SByte": ua.TypeIDSByte, "Byte": ua.TypeIDByte, "Int16": ua.TypeIDInt16, "UInt16": ua.TypeIDUint16,
	"Int32": ua.TypeIDInt32, "UInt32": ua.TypeIDUint32, "Int64": ua.TypeIDInt64, "UInt64": ua.TypeIDUint64, "Float": ua.TypeIDFloat,
	"Double": ua.TypeIDDouble, "String": ua.TypeIDString, "DateTime": ua.TypeIDDateTime, "ByteString": ua.TypeIDByteString,
	"LocalizedText": ua.TypeIDLocalizedText,
}

// kindWords are their names, as people are told of them.
var kindWords = []string{
	"Boolean", "SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float", "Double", "String", "DateTime", "ByteString",
	"LocalizedText",
}

// word returns what a type is called.
func word(kind ua.TypeID) string {
	for name, k := range kinds {
		if k == kind {
			return name
		}
	}
	return "type " + strconv.Itoa(int(kind))
}

// parseEntries reads the entries of a profile's resources, by name. They are usable only if there are no problems.
func parseEntries(p *roostv1.Profile) (map[string]*entry, roostv1.Problems) {
	entries := make(map[string]*entry, len(p.GetResources()))
	var problems roostv1.Problems
	for i, r := range p.GetResources() {
		k := keys.OfResource(Name, p, i)
		entries[r.GetName()] = parseEntry(k, r)
		problems = append(problems, k.Problems()...)
	}
	return entries, problems
}

func parseEntry(k *keys.Keys, r *roostv1.Resource) *entry {
	e := &entry{resource: r, node: parseNode(k, "node", "which node of the server "+r.GetName()+" is, as ns=2;s=Name or ns=2;i=42")}
	if k.Has("index") {
		e.index = strconv.Itoa(k.Int("index", 0, 0, math.MaxInt32))
	}
	if k.Has("type") {
		e.kind = kinds[k.Word("type", "", kindWords...)]
	}
	switch {
	case !r.Writable():
		k.Unwanted("type", "is that of a value which is written, and %s cannot be written", r.GetName())
	case e.kind != typeUnknown && !suits(e.kind, r.GetType()):
		k.Wrong("type", "%s is a %s and cannot be written as %s", r.GetName(), r.GetType().Word(), word(e.kind))
	}
	// A profile may be of devices that are polled and of others that are monitored: sampling then counts for the latter.
	e.sampling = k.Duration("sampling", 0, minSampling, maxSampling)
	return e
}

// nodeText is the id of a node as text. Its namespace may be a URI, for which only the server has the number.
type nodeText string

// parseNode reads the id of a node.
func parseNode(k *keys.Keys, key, what string) nodeText {
	text := nodeText(k.Needed(key, what))
	if text == "" {
		return ""
	}
	if _, err := text.in([]string{text.uri()}); err != nil || !strings.Contains(string(text), "=") {
		k.Wrong(key, "%q is not the id of a node, such as ns=2;s=Name, ns=2;i=42 or nsu=urn:plant;s=Name", string(text))
	}
	return text
}

// uri returns the URI of the node's namespace, or nothing if it has a number.
func (n nodeText) uri() string {
	first, _, _ := strings.Cut(string(n), ";")
	uri, _ := strings.CutPrefix(first, "nsu=")
	if uri == first {
		return ""
	}
	return uri
}

// in returns the node's id at a server with these namespaces.
func (n nodeText) in(namespaces []string) (*ua.NodeID, error) {
	id, err := ua.ParseExpandedNodeID(string(n), namespaces)
	if err != nil {
		return nil, err
	}
	return id.NodeID, nil
}
