// Stands in for packages that only a development build would load.
export default {};
