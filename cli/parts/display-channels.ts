/** What the strip charts of the screen can show. */
export const DISPLAY_CHANNELS = ['speed', 'rpm', 'throttle', 'brakeFront', 'fuelFlow', 'waterTemp'];
