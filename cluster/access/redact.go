package access

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// String says whose credential it is, and for what.
func (c Credential) String() string {
	return fmt.Sprintf("%s %s of fleet %s at %s", c.Role, c.Name, c.Fleet, c.Hub)
}

// GoString is String: %#v would show the seeds.
func (c Credential) GoString() string { return c.String() }

// Format prints String whatever the verb is.
func (c Credential) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, c.String()) }

// LogValue is what logs get.
func (c Credential) LogValue() slog.Value {
	return slog.GroupValue(slog.String("fleet", c.Fleet), slog.String("name", c.Name), slog.String("role", string(c.Role)))
}

// MarshalJSON leaves the seeds out. Write is what keeps them.
func (c Credential) MarshalJSON() ([]byte, error) {
	shown := stored(c)
	shown.Data, shown.Talk = "", ""
	return json.Marshal(shown)
}
