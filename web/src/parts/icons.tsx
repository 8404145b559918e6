// The few signs that controls have. They are decoration: what they mean is said in words beside.

export const Chevron = () => <svg className="chevron" viewBox="0 0 10 10" aria-hidden="true"><path d="M2 3.5 5 6.5 8 3.5" /></svg>;

export const Check = () => <svg viewBox="0 0 12 12" aria-hidden="true"><path d="M2 6.5 4.8 9 10 3.2" /></svg>;
