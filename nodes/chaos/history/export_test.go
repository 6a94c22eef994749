package history

// Blank returns an empty record of each kind.
func Blank(k Kind) Record { return blank(k) }
