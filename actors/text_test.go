package actors_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const garbled = "AB\xff\xfe"

// A device may say anything; its command ends all the same.
func TestDriverThatDoesNotSpeakUTF8(t *testing.T) {
	late := func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
		<-time.After(8 * time.Second) // it ignores its context
		return nil, errors.New(garbled)
	}
	tests := map[string]struct {
		actuate func(context.Context, actors.Action) (map[string]*roostv1.Value, error)
		state   roostv1.CommandState
	}{
		"value": {func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
			return map[string]*roostv1.Value{"serial": roostv1.Text(garbled)}, nil
		}, succeeded},
		"name": {func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
			return map[string]*roostv1.Value{garbled: roostv1.Text("x"), "none": nil}, nil
		}, succeeded},
		"error": {func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
			return nil, errors.New(garbled)
		}, indeterminate},
		"status": {func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
			return nil, &roostv1.Status{Code: roostv1.ErrOffline, Message: garbled}
		}, indeterminate},
		"panic":       {func(context.Context, actors.Action) (map[string]*roostv1.Value, error) { panic(garbled) }, indeterminate},
		"late answer": {late, indeterminate},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{actuate: test.actuate}
				w := newSite(t, s)
				w.send(feed("c1"))
				sleep(time.Minute)
				r := w.want("c1", test.state, nil)
				if strings.Contains(name, "late") && !strings.Contains(evidence(r), "AB\uFFFD") {
					t.Errorf("evidence is %q", evidence(r))
				}
				if test.state == succeeded && len(r.Results) != 1 {
					t.Errorf("results are %v", r.Results)
				}
				status, _ := w.Status("boiler-1")
				if _, err := proto.Marshal(status); err != nil {
					t.Errorf("its status: %v", err)
				}
			})
		})
	}
}

// What can be stored of an end is.
func TestEndThatCannotBeStoredWhole(t *testing.T) {
	whole := func(r *roostv1.CommandRecord) bool {
		return r.State.Final() && (len(r.Steps) > 0 || r.Status.GetMessage() != "")
	}
	for name, test := range map[string]struct {
		unfit func(*roostv1.CommandRecord) bool
		acts  int
		state roostv1.CommandState
		code  roostv1.Code
	}{
		"the end": {whole, 1, failed, roostv1.ErrRefused},
		"also the intent": {func(r *roostv1.CommandRecord) bool {
			return whole(r) || r.State == dispatched
		}, 0, rejected, roostv1.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{actuate: func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
					return nil, actors.ErrRefused
				}}
				w := newSite(t, s)
				w.ledger.mu.Lock()
				w.unfit = test.unfit
				w.ledger.mu.Unlock()
				got, err := w.Execute(t.Context(), feed("c1"))
				if err != nil || got.State != test.state {
					t.Errorf("told %v, %v", got, err)
				}
				w.want("c1", test.state, test.code)
				w.wantActs(s, test.acts)
				if n := w.openCommands(); n != 0 {
					t.Errorf("%d commands are open", n)
				}
			})
		})
	}
}
