package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// battery is what the kernel tells of a battery.
type battery struct {
	charge   float64 // percent
	charging bool
}

// readBattery reads the first battery under sysfs; gopsutil has none. Mice and the
// like, whose scope is "Device", are not the machine's.
func readBattery(sysfs string) (battery, error) {
	kinds, err := filepath.Glob(filepath.Join(sysfs, "class/power_supply/*/type"))
	if err != nil {
		return battery{}, err
	}
	for _, kind := range kinds {
		supply := filepath.Dir(kind)
		if word(kind) == "Battery" && word(filepath.Join(supply, "scope")) != "Device" {
			return readSupply(supply)
		}
	}
	return battery{}, errAbsent
}

func readSupply(supply string) (battery, error) {
	text, err := os.ReadFile(filepath.Join(supply, "capacity"))
	if err != nil {
		return battery{}, err
	}
	charge, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	if err != nil {
		return battery{}, fmt.Errorf("read %s: %w", supply, errors.Unwrap(err))
	}
	status := word(filepath.Join(supply, "status"))
	return battery{charge: charge, charging: status == "Charging" || status == "Full"}, nil
}

// word returns the only word of a file, and nothing if it cannot be read.
func word(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
