package payload

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Read appends the resource's sample in a document that arrived at a time: one, which is BAD where there is no value, or none
// where the device may leave it out.
func (c *Codec) Read(to []actors.Sample, d *Document, at time.Time) []actors.Sample {
	s := actors.Sample{Resource: c.resource.GetName(), At: at}
	value, err := c.value(d)
	switch {
	case errors.Is(err, errNothing) && c.skip:
		return to
	case err != nil:
		s.Quality, s.Reason = roostv1.Quality_QUALITY_BAD, roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR
		s.Detail = c.detail(err)
	}
	s.Value, s.Source = value, c.when.of(d)
	return append(to, s)
}

// detail says what is wrong, and where.
func (c *Codec) detail(err error) string {
	message := err.Error()
	if status, is := errors.AsType[*roostv1.Status](err); is {
		message = status.GetMessage()
	}
	if c.path == nil {
		return message
	}
	return fmt.Sprintf("%s: %s", c.path, message)
}

// value returns the resource's value in a document, in the resource's type.
func (c *Codec) value(d *Document) (*roostv1.Value, error) {
	var v *roostv1.Value
	var err error
	if c.path == nil {
		v, err = c.fromPayload(d.raw)
	} else {
		var node any
		if node, err = d.one(c.path); err == nil {
			v, err = c.fromJSON(node)
		}
	}
	if err != nil {
		return nil, err
	}
	return roostv1.Convert(c.scaled(v), c.resource.GetType())
}

func (c *Codec) fromPayload(raw []byte) (*roostv1.Value, error) {
	switch c.resource.GetType() {
	case roostv1.ValueType_VALUE_TYPE_BYTES:
		if c.words.bytes == "" {
			return roostv1.Bytes(slices.Clone(raw)), nil
		}
	case roostv1.ValueType_VALUE_TYPE_STRING:
		return roostv1.Text(string(raw)), nil
	}
	return c.fromText(strings.TrimSpace(string(raw)))
}

func (c *Codec) fromJSON(node any) (*roostv1.Value, error) {
	if text, is := node.(string); is {
		return c.fromText(text)
	}
	text := c.textOf(node)
	switch node := node.(type) {
	case nil:
		return nil, fmt.Errorf("null came, where %s is expected", c.resource.GetType().Word())
	case json.Number:
		if c.resource.GetType() == roostv1.ValueType_VALUE_TYPE_BYTES {
			return nil, fmt.Errorf("the number %s came, where BYTES are expected, as text", shown(text))
		}
	case bool:
		t := c.resource.GetType()
		if t == roostv1.ValueType_VALUE_TYPE_BOOL && text != c.words.yes && text != c.words.no {
			return roostv1.Bool(node), nil // whatever the words are of a device that is told "on" and says true
		}
		if t != roostv1.ValueType_VALUE_TYPE_BOOL && t != roostv1.ValueType_VALUE_TYPE_STRING {
			return nil, fmt.Errorf("%s came, where %s is expected", text, c.resource.GetType().Word())
		}
	default:
		if c.resource.GetType() != roostv1.ValueType_VALUE_TYPE_STRING {
			return nil, fmt.Errorf("%s came, where %s is expected", shown(text), c.resource.GetType().Word())
		}
	}
	return c.fromText(text)
}

// textOf returns JSON that is no text as its text.
func (c *Codec) textOf(node any) string {
	if number, is := node.(json.Number); is {
		return string(number)
	}
	text, err := json.Marshal(node)
	if err != nil {
		return "" // what was decoded can be encoded
	}
	return string(text)
}

func (c *Codec) fromText(text string) (*roostv1.Value, error) {
	kind := c.resource.GetType()
	switch kind {
	case roostv1.ValueType_VALUE_TYPE_BOOL:
		if c.words.given() {
			return c.words.value(text)
		}
	case roostv1.ValueType_VALUE_TYPE_BYTES:
		return c.words.parseBytes(text)
	case roostv1.ValueType_VALUE_TYPE_INT, roostv1.ValueType_VALUE_TYPE_UINT:
		if whole, is := wholeDigits(text); is {
			text = whole
		}
	}
	return roostv1.ParseValue(kind, text)
}

func (w words) value(text string) (*roostv1.Value, error) {
	if text != w.yes && text != w.no {
		return nil, fmt.Errorf("%q came, where %q or %q is expected", shown(text), w.yes, w.no)
	}
	return roostv1.Bool(text == w.yes), nil
}

// shown is as much of a text as is shown.
func shown(text string) string {
	const most = 64
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}

// wholeDigits returns a decimal number with a fraction or an exponent as the digits of a whole number, exactly; false if it is no such
// number, or is too large for any integer.
func wholeDigits(text string) (string, bool) {
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		n, err := strconv.ParseInt(text[i+1:], 10, 32)
		if err != nil {
			return "", false
		}
		mantissa, exponent = text[:i], int(n)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	unsigned := strings.TrimLeft(whole, "+-")
	digits := unsigned + fraction
	if digits == "" || len(whole)-len(unsigned) > 1 || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	exponent -= len(fraction)
	significant := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(significant)
	significant = strings.TrimLeft(significant, "0")
	switch {
	case significant == "":
		return "0", true
	case exponent < 0 || len(significant)+exponent > 20:
		return "", false
	}
	return whole[:len(whole)-len(unsigned)] + significant + strings.Repeat("0", exponent), true
}

// scaled returns what a DOUBLE is from what was read.
func (c *Codec) scaled(v *roostv1.Value) *roostv1.Value {
	if c.scale.Plain() {
		return v
	}
	return roostv1.Double(c.scale.Value(v.GetDouble()))
}

// unscaled returns what is written of a DOUBLE. 15 digits are what is left of a division and its way back.
func (c *Codec) unscaled(v *roostv1.Value) (*roostv1.Value, error) {
	if c.scale.Plain() {
		return v, nil
	}
	f := c.scale.Raw(v.GetDouble())
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "%s is %s, which is too large with its scale", c.resource.GetName(), v.Format())
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	if err != nil {
		rounded = f // the largest of all numbers, rounded up
	}
	return roostv1.Double(rounded), nil
}
