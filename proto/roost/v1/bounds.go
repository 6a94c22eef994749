package roostv1

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// bounds is what a resource and an argument both say of their values.
type bounds struct {
	kind     ValueType
	unit     string
	min, max *float64
	options  []string
}

func (x *Resource) bounds() bounds {
	if x == nil {
		return bounds{}
	}
	return bounds{kind: x.Type, unit: x.Unit, min: x.Min, max: x.Max, options: x.Options}
}

func (x *Argument) bounds() bounds {
	if x == nil {
		return bounds{}
	}
	return bounds{kind: x.Type, unit: x.Unit, min: x.Min, max: x.Max, options: x.Options}
}

// breach is how a value of the right type breaks its bounds.
type breach uint8

const (
	breachNone breach = iota
	breachMin
	breachMax
	breachOption
)

// breach checks a value that has been converted already. A limit that is NaN, which
// validation refuses, limits nothing.
func (b *bounds) breach(v *Value) breach {
	switch {
	case b.kind == ValueType_VALUE_TYPE_STRING:
		if len(b.options) > 0 && !slices.Contains(b.options, v.GetString_()) {
			return breachOption
		}
	case !numeric(b.kind):
	case b.min != nil && !math.IsNaN(*b.min) && compareNumber(v, *b.min) < 0:
		return breachMin
	case b.max != nil && !math.IsNaN(*b.max) && compareNumber(v, *b.max) > 0:
		return breachMax
	}
	return breachNone
}

// admit converts v and checks it. The error starts with the value: "9000 1/min is
// above the maximum 3000".
func (b *bounds) admit(v *Value) (*Value, error) {
	converted, err := Convert(v, b.kind)
	if err != nil {
		return nil, err
	}
	text := brief(converted)
	if b.unit != "" {
		text += " " + shown(b.unit)
	}
	switch b.breach(converted) {
	case breachMin:
		return nil, Errorf(ErrInvalid, "%s is below the minimum %s", text, formatDouble(*b.min))
	case breachMax:
		return nil, Errorf(ErrInvalid, "%s is above the maximum %s", text, formatDouble(*b.max))
	case breachOption:
		return nil, Errorf(ErrInvalid, "%s is not one of %s", text, list(b.options))
	}
	return converted, nil
}

// list joins names for a message, and stops before it gets out of hand.
func list(names []string) string {
	const most = 20
	var text strings.Builder
	for i, name := range names[:min(len(names), most)] {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(shown(name))
	}
	if more := len(names) - most; more > 0 {
		fmt.Fprintf(&text, " and %d more", more)
	}
	return text.String()
}

// shown makes a name that somebody else chose fit for a message.
func shown(name string) string {
	return formatText(cut(name, MaxID))
}
