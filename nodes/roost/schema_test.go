package main_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// parse reads lines of JSON, each of which must be a message of the schema.
func parse[M proto.Message](t *testing.T, r result, empty func() M) []M {
	t.Helper()
	if r.code != 0 && r.out == "" {
		t.Fatalf("exit code %d: %s", r.code, r.err)
	}
	var list []M
	for line := range strings.Lines(r.out) {
		m := empty()
		if err := protojson.Unmarshal([]byte(line), m); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, m)
	}
	return list
}

func devices(t *testing.T, r result) []*roostv1.DeviceStatus {
	t.Helper()
	return parse(t, r, func() *roostv1.DeviceStatus { return &roostv1.DeviceStatus{} })
}

func batches(t *testing.T, r result) []*roostv1.ReadingBatch {
	t.Helper()
	return parse(t, r, func() *roostv1.ReadingBatch { return &roostv1.ReadingBatch{} })
}

// commandRecord reads the one record that roost send wrote.
func commandRecord(t *testing.T, r result) *roostv1.CommandRecord {
	t.Helper()
	records := parse(t, r, func() *roostv1.CommandRecord { return &roostv1.CommandRecord{} })
	if len(records) != 1 {
		t.Fatalf("got %d records: %s%s", len(records), r.out, r.err)
	}
	return records[0]
}

func deviceIDs(t *testing.T, r result) string {
	t.Helper()
	var ids []string
	for _, d := range devices(t, r) {
		ids = append(ids, d.DeviceId)
	}
	return strings.Join(ids, " ")
}
