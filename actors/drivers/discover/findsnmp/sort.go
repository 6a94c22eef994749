package findsnmp

import (
	"slices"
	"strconv"
	"strings"
)

// sortIndexes sorts the indexes of rows by their numbers.
func sortIndexes(indexes []string) {
	slices.SortFunc(indexes, func(a, b string) int {
		return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
			n, _ := strconv.Atoi(x)
			m, _ := strconv.Atoi(y)
			return n - m
		})
	})
}
