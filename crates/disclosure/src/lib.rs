//! Pure disclosure control: a table in, findings out.
