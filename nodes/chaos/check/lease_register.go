package check

import "github.com/roost-iot/roost/nodes/chaos/history"

// LeaseRegister is what the name of the register of a gateway's lease begins with.
const LeaseRegister = "member."

// leaseChains looks for writes of leases that replaced what had been replaced before: compare and set then did not compare.
// Renewals replace each other in the hub's stream, and some may not have been seen: a gap accuses nobody.
func (f *finding) leaseChains() {
	for _, gateway := range sortedKeys(f.h.Leases) {
		list := f.h.Leases[gateway]
		f.Examined += len(list)
		f.Metrics["lease records"] += float64(len(list))
		for i := 1; i < len(list); i++ {
			before, now := list[i-1], list[i]
			switch {
			case now.Previous > before.Sequence:
				f.Metrics["lease records missed, at least"]++
			case now.Previous != 0 && now.Previous < before.Sequence:
				f.violated("C12", LeaseRegister+gateway, suspect{bus: LeaseRegister + gateway}, []history.Record{before, now},
					"a record of the lease of %s replaced that at %d, which had been replaced by that at %d", gateway, now.Previous, before.Sequence)
			}
		}
	}
}
