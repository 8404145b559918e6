package mirror

// HoldAtMost bounds the sessions of a copy.
func (m *Mirror) HoldAtMost(sessions int) { m.most = sessions }
