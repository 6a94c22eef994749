package control_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// sequences reads readings to their end, and returns where batches begin.
func sequences(t *testing.T, client *control.Client, q control.ReadingsQuery) (list []uint64) {
	t.Helper()
	for b, err := range client.Readings(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b.FirstSequence)
	}
	return list
}

func TestReadings(t *testing.T) {
	g := &gateway{pumps: 2}
	client, _ := serve(t, g)
	old := flow("pump-0000", 1, 1)
	old.BaseTime = timestamppb.New(time.Now().Add(-time.Hour))
	other := flow("pump-0000", 4, 4)
	other.Readings[0].Resource = "speed"
	for _, b := range []*roostv1.ReadingBatch{old, flow("pump-0000", 2, 2, 3), flow("pump-0001", 1, 9), other} {
		g.tap.Note(b)
	}
	for _, test := range []struct {
		query control.ReadingsQuery
		want  string
	}{
		{control.ReadingsQuery{}, "[1 2 1 4]"},
		{control.ReadingsQuery{Device: "pump-0000"}, "[1 2 4]"},
		{control.ReadingsQuery{Device: "pump-0000", Resource: "flow"}, "[1 2]"},
		{control.ReadingsQuery{Device: "pump-0000", Since: time.Minute}, "[2 4]"},
	} {
		if got := fmt.Sprint(sequences(t, client, test.query)); got != test.want {
			t.Errorf("%+v: got %s, want %s", test.query, got, test.want)
		}
	}
	if len(other.Readings) != 1 || len(old.Readings) != 1 {
		t.Error("a batch was changed")
	}
	for _, q := range []control.ReadingsQuery{{Device: "valve"}, {Device: "a.b"}, {Resource: "a b"}} {
		for _, err := range client.Readings(t.Context(), q) {
			if !errors.Is(err, roostv1.ErrNotFound) && !errors.Is(err, roostv1.ErrInvalid) {
				t.Errorf("%+v: got %v", q, err)
			}
		}
	}
}

// TestReadingsLarge: a batch that is too large for a line comes in parts, with nothing lost.
func TestReadingsLarge(t *testing.T) {
	g := &gateway{pumps: 1}
	client, _ := serve(t, g)
	b := flow("pump-0000", 11)
	for range 8000 {
		b.Readings = append(b.Readings, &roostv1.Reading{Resource: "flow", Value: roostv1.Text(strings.Repeat("x", 400))})
	}
	b.DroppedBefore = 10
	g.tap.Note(b)
	next, dropped := uint64(11), uint64(0)
	for part, err := range client.Readings(t.Context(), control.ReadingsQuery{}) {
		if err != nil || part.FirstSequence != next {
			t.Fatalf("got sequence %d and %v, want %d", part.GetFirstSequence(), err, next)
		}
		next += uint64(len(part.Readings))
		dropped += part.DroppedBefore
	}
	if next != 8011 || dropped != 10 {
		t.Errorf("got up to %d with %d dropped, want 8011 and 10", next, dropped)
	}
}

// TestFollow: what comes is shown after what was there, with nothing between the two left out.
func TestFollow(t *testing.T) {
	g := &gateway{pumps: 1}
	client, _ := serve(t, g)
	g.tap.Note(flow("pump-0000", 1, 1))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	next := uint64(1)
	for b, err := range client.Readings(ctx, control.ReadingsQuery{Device: "pump-0000", Follow: true}) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			break
		}
		if b.FirstSequence != next {
			t.Fatalf("got %d, want %d", b.FirstSequence, next)
		}
		if next++; next > 100 {
			stop()
			continue
		}
		g.tap.Note(flow("pump-0001", 1, 1))
		g.tap.Note(flow("pump-0000", next, 1))
	}
	if next < 100 {
		t.Errorf("ended at %d", next)
	}
}

// TestSlowFollower: who reads slowly loses some, is told how many, and holds up nobody.
func TestSlowFollower(t *testing.T) {
	tap := control.NewTap()
	_, slow := tap.Follow("")
	defer slow.Close()
	for n := range uint64(1000) {
		tap.Note(flow("pump-0000", n+1, 1))
	}
	batches, lost, err := slow.Next(t.Context())
	if err != nil || uint64(len(batches))+lost != 1000 || lost == 0 || batches[0].FirstSequence != lost+1 {
		t.Errorf("got %d batches, %d lost and %v", len(batches), lost, err)
	}
	tap.Note(flow("pump-0000", 1001, 1))
	if batches, lost, _ := slow.Next(t.Context()); len(batches) != 1 || lost != 0 {
		t.Errorf("then got %d batches, %d lost", len(batches), lost)
	}
}

// TestFollowerOfOne: who follows one device loses nothing of it to those that are busier.
func TestFollowerOfOne(t *testing.T) {
	tap := control.NewTap()
	_, one := tap.Follow("pump-0001")
	defer one.Close()
	tap.Note(flow("pump-0001", 1, 1))
	for n := range uint64(1000) {
		tap.Note(flow("pump-0000", n+1, 1))
	}
	if batches, lost, err := one.Next(t.Context()); err != nil || len(batches) != 1 || lost != 0 || batches[0].DeviceId != "pump-0001" {
		t.Errorf("got %v, %d lost and %v", batches, lost, err)
	}
}

// TestLostIsTold: what was lost is a line of its own to whoever follows.
func TestLostIsTold(t *testing.T) {
	g := &gateway{pumps: 1}
	client, _ := serve(t, g)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	begin, shown, lost := true, uint64(0), uint64(0)
	g.tap.Note(flow("pump-0000", 1, 1))
	const all = 5000
	var gap *control.Lost
	for _, err := range client.Readings(ctx, control.ReadingsQuery{Follow: true}) {
		switch {
		case errors.As(err, &gap):
			lost += gap.Batches
		case err != nil:
			t.Fatal(err)
		default:
			shown++
		}
		if begin { // while this one does not read
			begin = false
			for n := range uint64(all - 1) {
				g.tap.Note(flow("pump-0000", n+2, make([]float64, 64)...))
			}
		}
		if shown+lost == all {
			break
		}
	}
	if lost == 0 {
		t.Error("nothing was lost: the test tests nothing")
	}
}

// TestCutOff: who takes nothing at all is let go of.
func TestCutOff(t *testing.T) {
	g := &gateway{pumps: 1}
	log := newWatchedLog("cut off")
	_, at := serve(t, g, func(c *control.Config) { c.WriteTime, c.Logger = 50*time.Millisecond, log.logger() })
	c, err := net.Dial("unix", filepath.Join(at, control.SocketName))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fprint(c, "GET /v1/readings?follow=true HTTP/1.1\r\nHost: roost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReaderSize(c, 16).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatalf("got %q and %v", line, err)
	}
	late := time.After(20 * time.Second)
	for n := uint64(1); ; n++ {
		g.tap.Note(flow("pump-0000", n, make([]float64, 2000)...))
		select {
		case <-log.seen:
			return
		case <-late:
			t.Fatal("it was not cut off")
		case <-time.After(time.Millisecond):
		}
	}
}
