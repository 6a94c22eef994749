package fleetfile

import "strings"

// hint tells what somebody may have meant: the nearest of the names, or all of
// them where none is near.
func hint(written string, names []string) string {
	best, distance := "", len(written)/3+2 // less than this is near
	for _, name := range names {
		if d := editDistance(plain(written), plain(name)); d < distance {
			best, distance = name, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "there are " + strings.Join(names, ", ")
}

// plain leaves out what people get wrong without meaning another name.
func plain(name string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(short(name)))
}

// editDistance counts the bytes to insert, remove or replace to make b of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1) // distances of what was read of a to the starts of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
