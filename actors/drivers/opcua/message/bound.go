package message

import (
	"fmt"
	"math"
	"reflect"

	"github.com/gopcua/opcua/ua"
)

// AnyNumber stands for a request of which it is not known how many results its answer has.
const AnyNumber = math.MaxInt

// Asked returns how many results the answer to a request may have.
func Asked(r ua.Request) int {
	switch r := r.(type) {
	case *ua.ReadRequest:
		return len(r.NodesToRead)
	case *ua.WriteRequest:
		return len(r.NodesToWrite)
	case *ua.CallRequest:
		return len(r.MethodsToCall)
	case *ua.BrowseRequest:
		return len(r.NodesToBrowse)
	case *ua.BrowseNextRequest:
		return len(r.ContinuationPoints)
	case *ua.TranslateBrowsePathsToNodeIDsRequest:
		return len(r.BrowsePaths)
	case *ua.DeleteSubscriptionsRequest:
		return len(r.SubscriptionIDs)
	case *ua.CreateMonitoredItemsRequest:
		return len(r.ItemsToCreate)
	}
	return AnyNumber
}

// mostParts is how many parts a message may have besides the results that were asked for. A part takes a hundred times the one byte that it may
// have in the message, and more.
const mostParts = 1 << 16

// perResult is how many parts a result has for sure: the value, what is in it, and what that is made of.
const perResult = 3

// bound sets how many parts are read of the answer to a request for so many results.
func (r *reader) bound(asked int) {
	r.parts = new(int)
	*r.parts = mostParts
	if asked < AnyNumber/perResult-mostParts {
		*r.parts += perResult * asked
	}
}

// part counts one part.
func (r *reader) part() {
	if *r.parts--; *r.parts < 0 {
		r.fail(fmt.Errorf("it has more than %d parts; ask for less at once", mostParts))
	}
}

// answer reads an answer field by field. Of one that has more results than were asked for nobody wants any.
func (r *reader) answer(v reflect.Value, asked int) {
	for i := range v.NumField() {
		if v.Type().Field(i).Name == "Results" {
			before := *r
			if n := r.list(); n > asked {
				r.fail(fmt.Errorf("it has %d results, and %d were asked for", n, asked))
				return
			}
			if r.err == nil {
				r.rest = before.rest
			}
		}
		r.value(v.Field(i))
	}
}
