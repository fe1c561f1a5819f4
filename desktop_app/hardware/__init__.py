"""The machine: processor, memory, graphics cards. The one door to psutil's and NVML's readings."""
