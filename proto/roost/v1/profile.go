package roostv1

// CommandSet is the name of the command that every profile with a writable
// resource has: it writes the resources that its arguments name.
const CommandSet = "set"

// Resource returns the profile's resource with that name, or nil. It searches
// from the start: who asks often should keep a map.
func (x *Profile) Resource(name string) *Resource {
	for _, r := range x.GetResources() {
		if r.GetName() == name {
			return r
		}
	}
	return nil
}

// Command returns the profile's command with that name, or nil; also nil for "set",
// which is not written down in profiles.
func (x *Profile) Command(name string) *CommandSpec {
	for _, c := range x.GetCommands() {
		if c.GetName() == name {
			return c
		}
	}
	return nil
}

// Readback returns the resource that shows whether a write of r took effect: the
// one that r names, else r itself if it can be read, else nil.
func (x *Profile) Readback(r *Resource) *Resource {
	shown := r
	if name := r.GetReadback(); name != "" {
		shown = x.Resource(name)
	}
	if shown == nil || !shown.Readable() {
		return nil
	}
	return shown
}

// Readable reports whether the resource can be read.
func (x *Resource) Readable() bool {
	return x != nil && x.Access != Access_ACCESS_WRITE
}

// Writable reports whether the resource can be written.
func (x *Resource) Writable() bool {
	return x.GetAccess() == Access_ACCESS_WRITE || x.GetAccess() == Access_ACCESS_READ_WRITE
}

// Confirms reports whether read, a value of the resource's Readback, shows that
// written has taken effect: a number within readback_tolerance of it, anything
// else equal to it.
func (x *Resource) Confirms(written, read *Value) bool {
	if EqualValues(written, read) {
		return true
	}
	want, wantOK := written.Number()
	got, gotOK := read.Number()
	tolerance := x.GetReadbackTolerance()
	// A tolerance or a value that is NaN compares as false.
	return wantOK && gotOK && tolerance > 0 && max(want-got, got-want) <= tolerance
}
