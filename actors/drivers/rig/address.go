package rig

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// address is a device's address, read.
type address struct {
	hardware string // host:port
	share    bool
}

// parseAddress reads the address of a device. The result is usable only if there are no problems.
func parseAddress(spec *roostv1.DeviceSpec) (address, roostv1.Problems) {
	var a address
	var problems roostv1.Problems
	wrong := func(key, format string, args ...any) {
		problems = append(problems, roostv1.Problem{
			Path: fmt.Sprintf("address[%q]", key), Message: fmt.Sprintf(format, args...),
		})
	}
	keys := spec.GetAddress()
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		switch value := keys[key]; key {
		case "hardware":
			if !isHostPort(value) {
				wrong(key, "%q is not host:port with a port from 1 to 65535", value)
			}
			a.hardware = value
		case "share":
			if value != "true" && value != "false" {
				wrong(key, "%q is neither true nor false", value)
			}
			a.share = value == "true" && !spec.GetExclusiveSession()
		default:
			wrong(key, "unknown key; the rig driver has hardware and share")
		}
	}
	if _, given := keys["hardware"]; !given {
		wrong("hardware", "is needed: host:port of the hardware")
	}
	return a, problems
}

func isHostPort(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return false
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}
