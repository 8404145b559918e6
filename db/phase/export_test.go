package phase

// KeepsPlans tells whether plans that are made on a state are kept.
func (state *State) KeepsPlans() bool { return state.plans != nil }
