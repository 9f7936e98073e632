//! National-id linkage, crosswalk and extract plan.
