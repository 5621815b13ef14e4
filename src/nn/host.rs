//! Between the CPU and the device that computes.

use tch::{Device, Kind, Tensor};

/// All values of a tensor, row by row.
pub fn floats(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view(-1);
    let mut values = vec![0.0; flat.numel()];
    flat.copy_data(&mut values, flat.numel());
    values
}

/// A tensor of the CPU where it is needed. On the way to a GPU it lies in pinned memory, so that nobody waits for the copy.
pub fn sent(tensor: &Tensor, device: Device) -> Tensor {
    match (tensor.device(), device) {
        (Device::Cpu, Device::Cuda(_)) => {
            let pinned = tensor.contiguous().internal_pin_memory(device);
            pinned.to_device_(device, tensor.kind(), true, false)
        }
        _ => tensor.to_device(device),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_row_by_row_whatever_their_kind_and_order() {
        let tensor = Tensor::from_slice2(&[[1f64, 2.0], [3.0, 4.0]]);
        assert_eq!(floats(&tensor), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(floats(&tensor.transpose(0, 1)), [1.0, 3.0, 2.0, 4.0]);
        assert!(floats(&Tensor::zeros([0, 3], (Kind::Float, Device::Cpu))).is_empty());
    }
}
