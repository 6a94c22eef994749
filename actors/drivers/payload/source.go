package payload

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// How a device writes its time.
const (
	timeRFC3339 = "rfc3339"
	timeUnix    = "unix"
	timeUnixMS  = "unix_ms"
)

// parseTime returns a device's time; zero if it is none of the years 1 to 9999.
func parseTime(format string, node any) time.Time {
	var text string
	switch n := node.(type) {
	case string:
		text = strings.TrimSpace(n)
	case json.Number:
		text = string(n)
	}
	var t time.Time
	switch format {
	case timeRFC3339:
		t, _ = time.Parse(time.RFC3339Nano, text)
	case timeUnix:
		t = unixTime(text, time.Second)
	case timeUnixMS:
		t = unixTime(text, time.Millisecond)
	}
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// unixTime takes the whole part exactly, and of a fraction as much as a float64 has.
func unixTime(text string, unit time.Duration) time.Time {
	if whole, is := wholeDigits(text); is {
		text = whole
	}
	whole, fraction, _ := strings.Cut(text, ".")
	units, err := strconv.ParseInt(whole, 10, 64)
	part, flaw := parseFraction(fraction)
	if err != nil || flaw != nil {
		return time.Time{}
	}
	if strings.HasPrefix(whole, "-") {
		part = -part
	}
	per := int64(time.Second / unit)
	nanos := units%per*int64(unit) + int64(math.Round(part*float64(unit)))
	return time.Unix(units/per, nanos).UTC()
}

// parseFraction returns what the digits behind a point are.
func parseFraction(digits string) (float64, error) {
	if strings.Trim(digits, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat("0."+digits+"0", 64)
}
