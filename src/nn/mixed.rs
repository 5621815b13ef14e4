//! Mixed precision: the products of training in bfloat16, everything else in 32 bit.
//!
//! bfloat16 keeps the range of 32-bit floats, so that no loss scaling is needed (Kalamkar et al. 2019). A CPU with
//! AVX-512 BF16 or AMX multiplies it about four times as fast.

use std::cell::Cell;

use tch::{
    Device, Kind, Tensor,
    nn::{self, Module},
};

thread_local! {
    static ON: Cell<bool> = const { Cell::new(false) };
}

/// Whether `device` multiplies bfloat16 faster than 32-bit floats.
pub fn pays(device: Device) -> bool {
    match device {
        Device::Cpu => cpu_multiplies_bf16(),
        _ => device.is_cuda(),
    }
}

#[cfg(target_arch = "x86_64")]
fn cpu_multiplies_bf16() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn cpu_multiplies_bf16() -> bool {
    false
}

/// Runs `action` with this thread's products in bfloat16, if `on`.
pub fn scoped<R>(on: bool, action: impl FnOnce() -> R) -> R {
    /// Puts back what was, whatever becomes of the action.
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            ON.set(self.0);
        }
    }
    let _before = Before(ON.replace(on));
    action()
}

/// Whether this thread's products are in bfloat16.
pub fn is_on() -> bool {
    ON.get()
}

/// (..., C in) -> (..., C out), in bfloat16 within [`scoped`].
pub fn linear(xs: &Tensor, layer: &nn::Linear) -> Tensor {
    if !is_on() {
        return layer.forward(xs);
    }
    half(xs).linear(&half(&layer.ws), layer.bs.as_ref().map(half))
}

/// (..., N, K), (..., K, M) -> (..., N, M), in bfloat16 within [`scoped`].
pub fn product(a: &Tensor, b: &Tensor) -> Tensor {
    if is_on() { half(a).matmul(&half(b)) } else { a.matmul(b) }
}

/// A convolution over time, in bfloat16 within [`scoped`].
#[derive(Debug)]
pub struct Conv1d {
    layer: nn::Conv1D,
    config: nn::ConvConfig,
}

impl Conv1d {
    /// As [`nn::conv1d`].
    pub fn new(path: nn::Path, channels_in: i64, channels_out: i64, kernel: i64, config: nn::ConvConfig) -> Self {
        Self { layer: nn::conv1d(path, channels_in, channels_out, kernel, config), config }
    }
}

impl Conv1d {
    /// The same with the channels last, (B, L, C in) -> (B, L / stride, C out). In two dimensions, of which one is 1,
    /// libtorch sees how they lie and takes kernels that are several times as fast, forward and backward.
    ///
    /// The channels may come in parts, which are then not copied together.
    pub fn forward_last(&self, parts: &[&Tensor]) -> Tensor {
        let nn::ConvConfig { stride, padding, dilation, .. } = self.config;
        let product = |image: &Tensor, weight: &Tensor, bias: Option<Tensor>| {
            image.conv2d(weight, bias, [1, stride], [0, padding], [1, dilation], 1)
        };
        sum_of_parts(parts, &self.layer.ws, 1, self.layer.bs.as_ref(), product)
    }

    /// The same as [`Module::forward`] of the parts one after the other along the channels, for a kernel of one frame.
    /// A part may have one frame, (B, C part, 1), which stands for all of them; it is then multiplied once.
    pub fn forward_parts(&self, parts: &[&Tensor]) -> Tensor {
        let channels: Vec<i64> = parts.iter().map(|part| part.size()[1]).collect();
        let weights = self.layer.ws.split_with_sizes(&channels, 1);
        let product = |(part, weight): (&&Tensor, &Tensor)| {
            let bias = None::<Tensor>;
            if is_on() {
                half(part).conv1d(&half(weight), bias, [1], [0], [1], 1)
            } else {
                part.conv1d(weight, bias, [1], [0], [1], 1)
            }
        };
        let sum = parts.iter().zip(&weights).map(product).reduce(|sum, product| sum + product);
        let sum = sum.unwrap_or_else(|| self.layer.ws.zeros_like());
        match &self.layer.bs {
            Some(bias) => sum + bias.unsqueeze(-1).to_kind(if is_on() { Kind::BFloat16 } else { Kind::Float }),
            None => sum,
        }
    }
}

impl Module for Conv1d {
    /// (B, C in, T) -> (B, C out, T).
    fn forward(&self, xs: &Tensor) -> Tensor {
        if !is_on() {
            return self.layer.forward(xs);
        }
        let nn::ConvConfig { stride, padding, dilation, groups, .. } = self.config;
        let xs = half(xs);
        let (xs, padding) = match self.config.padding_mode {
            nn::PaddingMode::Reflect => (xs.pad([padding; 2], "reflect", None), 0),
            _ => (xs, padding),
        };
        xs.conv1d(&half(&self.layer.ws), self.layer.bs.as_ref().map(half), [stride], [padding], [dilation], groups)
    }
}

/// A convolution that doubles the length less one, in bfloat16 within [`scoped`].
#[derive(Debug)]
pub struct Doubling(nn::ConvTranspose1D);

impl Doubling {
    /// Parameters `weight` and `bias`; the kernel is odd.
    pub fn new(path: nn::Path, channels_in: i64, channels_out: i64, kernel: i64) -> Self {
        let config = nn::ConvTransposeConfig { stride: 2, padding: kernel / 2, ..Default::default() };
        Self(nn::conv_transpose1d(path, channels_in, channels_out, kernel, config))
    }

    /// (B, L, C in) -> (B, 2 L - 1, C out); the channels may come in parts, as for [`Conv1d::forward_last`].
    pub fn forward_last(&self, parts: &[&Tensor]) -> Tensor {
        let padding = self.0.ws.size()[2] / 2;
        let product = |image: &Tensor, weight: &Tensor, bias: Option<Tensor>| {
            image.conv_transpose2d(weight, bias, [1, 2], [0, padding], [0, 0], 1, [1, 1])
        };
        sum_of_parts(parts, &self.0.ws, 0, self.0.bs.as_ref(), product)
    }
}

/// Sizes of a [`Conv2d`] over both axes of an image.
#[derive(Debug, Clone, Copy)]
pub struct Conv2dConfig {
    /// Channels out.
    pub channels: i64,
    /// Size of the kernel, odd.
    pub kernel: [i64; 2],
    /// Step.
    pub stride: [i64; 2],
    /// Distance between the kernel's points.
    pub dilation: [i64; 2],
}

/// A convolution over an image that keeps its size but for the stride, in bfloat16 within [`scoped`].
#[derive(Debug)]
pub struct Conv2d {
    weight: Tensor,
    bias: Tensor,
    config: Conv2dConfig,
}

impl Conv2d {
    /// Parameters `weight` and `bias`.
    pub fn new(path: nn::Path, channels_in: i64, config: Conv2dConfig) -> Self {
        let [height, width] = config.kernel;
        let shape = [config.channels, channels_in, height, width];
        Self {
            weight: path.var("weight", &shape, nn::init::DEFAULT_KAIMING_UNIFORM),
            bias: path.var("bias", &[config.channels], nn::Init::Const(0.0)),
            config,
        }
    }
}

impl Module for Conv2d {
    /// (B, C in, H, W) -> (B, C out, H / stride, W / stride).
    fn forward(&self, xs: &Tensor) -> Tensor {
        let Conv2dConfig { kernel, stride, dilation, .. } = self.config;
        let padding = [kernel[0] / 2 * dilation[0], kernel[1] / 2 * dilation[1]];
        if is_on() {
            half(xs).conv2d(&half(&self.weight), Some(&half(&self.bias)), stride, padding, dilation, 1)
        } else {
            xs.conv2d(&self.weight, Some(&self.bias), stride, padding, dilation, 1)
        }
    }
}

/// Convolves parts (B, L, C part) of the channels with their parts of the weight along `axis`, and adds what comes out,
/// (B, L', C out).
fn sum_of_parts(
    parts: &[&Tensor],
    weight: &Tensor,
    axis: i64,
    bias: Option<&Tensor>,
    product: impl Fn(&Tensor, &Tensor, Option<Tensor>) -> Tensor,
) -> Tensor {
    let kind = |tensor: &Tensor| if is_on() { half(tensor) } else { tensor.shallow_clone() };
    let channels: Vec<i64> = parts.iter().map(|part| part.size()[2]).collect();
    let weights = kind(weight).unsqueeze(2).split_with_sizes(&channels, axis);
    let one = |(index, (part, weight)): (usize, (&&Tensor, &Tensor))| {
        let bias = bias.filter(|_| index == 0).map(kind);
        product(&kind(part).transpose(1, 2).unsqueeze(2), weight, bias)
    };
    let sum = parts.iter().zip(&weights).enumerate().map(one).reduce(|sum, product| sum + product);
    sum.unwrap_or_else(|| weight.zeros_like()).squeeze_dim(2).transpose(1, 2)
}

fn half(tensor: &Tensor) -> Tensor {
    tensor.to_kind(Kind::BFloat16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_near_those_of_full_precision() {
        tch::manual_seed(3);
        let store = nn::VarStore::new(Device::Cpu);
        let root = store.root();
        let dense = nn::linear(&root / "dense", 64, 32, Default::default());
        let reflect = nn::ConvConfig { padding: 2, padding_mode: nn::PaddingMode::Reflect, ..Default::default() };
        let convolution = Conv1d::new(&root / "convolution", 64, 32, 5, reflect);
        let xs = Tensor::randn([2, 12, 64], (Kind::Float, Device::Cpu));
        let both = || (linear(&xs, &dense), xs.transpose(1, 2).apply(&convolution));
        let (full, full_convolution) = scoped(false, both);
        let (mixed, mixed_convolution) = scoped(true, both);
        assert_eq!((full.kind(), mixed.kind()), (Kind::Float, Kind::BFloat16));
        // bfloat16 has 8 significant bits.
        let gap = |a: Tensor, b: Tensor| (a - b).abs().max().double_value(&[]);
        assert!(gap(full, mixed) < 0.03);
        assert!(gap(full_convolution, mixed_convolution) < 0.03);
        assert!(!is_on());
    }

    #[test]
    fn channels_may_lie_last() {
        let store = nn::VarStore::new(Device::Cpu);
        let root = store.root();
        let config = nn::ConvConfig { stride: 2, padding: 2, ..Default::default() };
        let convolution = Conv1d::new(&root / "down", 6, 4, 5, config);
        let doubling = Doubling::new(&root / "up", 4, 6, 5);
        let xs = Tensor::randn([3, 6, 17], (Kind::Float, Device::Cpu));
        let gap = |a: &Tensor, b: &Tensor| (a - b).abs().max().double_value(&[]);
        let half_as_long = xs.apply(&convolution);
        let last = convolution.forward_last(&[&xs.transpose(1, 2)]);
        assert_eq!(last.size(), [3, 9, 4]);
        assert!(gap(&last.transpose(1, 2), &half_as_long) < 1e-5);
        let parts = last.split_with_sizes([1, 3], 2);
        let up = doubling.forward_last(&[&parts[0], &parts[1]]);
        assert!(gap(&up.transpose(1, 2), &half_as_long.apply(&doubling.0)) < 1e-5);
        assert_eq!(up.size(), [3, 17, 6]);
    }

    #[test]
    fn parts_are_as_good_as_the_whole() {
        let store = nn::VarStore::new(Device::Cpu);
        let convolution = Conv1d::new(store.root(), 12, 5, 1, Default::default());
        let draw = |channels, frames| Tensor::randn([2, channels, frames], (Kind::Float, Device::Cpu));
        let (a, b, c) = (draw(6, 9), draw(4, 1), draw(2, 1));
        let joined = Tensor::cat(&[a.shallow_clone(), b.expand([2, 4, 9], false), c.expand([2, 2, 9], false)], 1);
        let gap = |on| {
            scoped(on, || convolution.forward_parts(&[&a, &b, &c]) - convolution.forward(&joined))
                .abs()
                .max()
                .double_value(&[])
        };
        assert!(gap(false) < 1e-5);
        assert!(gap(true) < 0.05);
    }
}
