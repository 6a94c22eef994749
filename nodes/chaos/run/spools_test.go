package run_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/run"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestEmptied: a spool is asked until it is empty, its last word counts, and silence is no word.
func TestEmptied(t *testing.T) {
	const silent = -1
	for _, c := range []struct {
		name    string
		says    []int // the last one for ever
		waiting uint64
		known   bool
	}{
		{"empty", []int{0}, 0, true},
		{"drains", []int{9, silent, 3, 0}, 0, true},
		{"never drains", []int{9, 7}, 7, true},
		{"falls silent", []int{9, silent}, 9, true},
		{"says nothing", []int{silent}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				asked := 0
				waiting, known := run.Emptied(ctx, func(context.Context) (*roostv1.GatewayStatus, error) {
					says := c.says[min(asked, len(c.says)-1)]
					asked++
					if says == silent {
						return nil, errors.New("no answer")
					}
					return &roostv1.GatewayStatus{Spool: &roostv1.SpoolStatus{Waiting: uint64(says)}}, nil
				})
				if waiting != c.waiting || known != c.known {
					t.Errorf("%d, %v, want %d, %v", waiting, known, c.waiting, c.known)
				}
			})
		})
	}
}
