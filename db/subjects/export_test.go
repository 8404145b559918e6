package subjects

// KeepAtMost bounds the subjects in memory.
func (s *Subjects) KeepAtMost(most int) { s.most = most }
