package lease_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestTerms(t *testing.T) {
	for _, test := range []struct {
		terms     lease.Terms
		ok        bool
		rateError float64
	}{
		{lease.Terms{}, true, 1.0 / 9},
		{lease.Terms{Lease: 100 * time.Millisecond}, true, 1.0 / 9},
		{lease.Terms{Lease: 10 * time.Minute}, true, 1.0 / 9},
		{lease.Terms{Lease: 8 * time.Second, Margin: time.Second}, true, 1.0 / 17},
		{lease.Terms{Lease: time.Second, Margin: time.Second}, true, 1.0 / 3},
		{lease.Terms{Lease: 99 * time.Millisecond}, false, 0},
		{lease.Terms{Lease: -time.Second}, false, 0},
		{lease.Terms{Lease: 11 * time.Minute}, false, 0},
		{lease.Terms{Lease: math.MaxInt64}, false, 0},
		{lease.Terms{Margin: -1}, false, 0},
		{lease.Terms{Margin: 3 * time.Second}, false, 0},
	} {
		err := test.terms.Validate()
		if (err == nil) != test.ok || err != nil && !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("%+v: %v", test.terms, err)
		}
		if got := test.terms.RateError(); test.ok && math.Abs(got-test.rateError) > 1e-9 {
			t.Errorf("%+v: rate error %v, want %v", test.terms, got, test.rateError)
		}
	}
	// What Linux lets be done to the rate of a clock, by tick and frequency together.
	if kernel := 1.1*(1+500e-6) - 1; (lease.Terms{}).RateError() < kernel {
		t.Errorf("the default margin does not cover %v", kernel)
	}
}
