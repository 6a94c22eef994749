package shrink

import "slices"

// ddmin returns some of all, which fail, such that they do not without any one of them. fails is asked about parts, then
// about all but a part, and the parts become smaller. It is never asked about all.
func ddmin[T any](all []T, fails func([]T) bool) []T {
	for n := 2; len(all) > 1; {
		n = min(n, len(all))
		parts := split(all, n)
		if part, ok := first(parts, fails); ok {
			all, n = part, 2
			continue
		}
		if len(parts) > 2 { // of two, each is all but the other
			if rest, ok := first(complements(parts), fails); ok {
				all, n = rest, n-1
				continue
			}
		}
		if n == len(all) {
			break
		}
		n *= 2
	}
	if len(all) == 1 && fails(nil) {
		return nil
	}
	return all
}

func first[T any](of [][]T, fails func([]T) bool) ([]T, bool) {
	i := slices.IndexFunc(of, fails)
	if i < 0 {
		return nil, false
	}
	return of[i], true
}

// split splits into n parts that are as long as each other, give or take one.
func split[T any](all []T, n int) [][]T {
	var parts [][]T
	for i := range n {
		parts = append(parts, all[i*len(all)/n:(i+1)*len(all)/n])
	}
	return parts
}

// complements are, for each part, all the others.
func complements[T any](parts [][]T) [][]T {
	var rests [][]T
	for i := range parts {
		rests = append(rests, slices.Concat(slices.Concat(parts[:i]...), slices.Concat(parts[i+1:]...)))
	}
	return rests
}
