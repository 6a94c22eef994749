package console

import (
	"math"
	"strconv"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Quantity says a value with its unit, for people: "21.53 °C", "1.5 GiB", "on the way", "true".
// Numbers are rounded to so many significant digits, but never before the decimal point.
func Quantity(v *roostv1.Value, unit string, digits int) string {
	f, ok := v.Number()
	if !ok {
		return Clean(v.Format())
	}
	if scaled, prefix, ok := inBytes(f, unit); ok {
		return number(scaled, min(digits, 4)) + " " + prefix
	}
	name := Unit(unit)
	if name == "" {
		return number(f, digits)
	}
	return number(f, digits) + " " + name
}

// Unit says a UCUM unit as people write it: "°C" for Cel. What it does not know stays as it is.
func Unit(ucum string) string {
	switch ucum {
	case "1":
		return ""
	case "Cel":
		return "°C"
	case "[degF]":
		return "°F"
	case "deg":
		return "°"
	case "By":
		return "B"
	case "By/s":
		return "B/s"
	}
	// An annotation stands for itself: {rev}/min.
	return Clean(strings.NewReplacer("{", "", "}", "").Replace(ucum))
}

// inBytes scales an amount of bytes, or a rate of them, to the prefix that fits.
func inBytes(f float64, unit string) (scaled float64, prefixed string, ok bool) {
	if unit != "By" && unit != "By/s" {
		return 0, "", false
	}
	name := Unit(unit)
	for _, prefix := range []string{"", "Ki", "Mi", "Gi", "Ti"} {
		if math.Abs(f) < 1024 {
			return f, prefix + name, true
		}
		f /= 1024
	}
	return f, "Pi" + name, true
}

// number writes f with so many significant digits, without the zeros at the end.
func number(f float64, digits int) string {
	size := math.Abs(f)
	if size != 0 && (size < 1e-4 || size >= 1e15) || math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.FormatFloat(f, 'g', digits, 64)
	}
	decimals := digits - 1
	if size != 0 {
		decimals -= int(math.Floor(math.Log10(size)))
	}
	s := strconv.FormatFloat(f, 'f', max(decimals, 0), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
