<?php

/**
 * The packing slip's page. Shown by Orders\PackingSlip, which hands over the order.
 *
 * @var WC_Order $order
 *
 * @package Elmed\WooCommerce
 */

use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Words;

defined('ABSPATH') || exit;

/* translators: %s: the order's number */
$elmed_title = sprintf(__('Packing slip for order %s', 'elmed-for-woocommerce'), $order->get_order_number());
$elmed_words = Words::slip($order);
$elmed_send = in_array(OrderState::toPack($order), array(OrderState::RELEASED, OrderState::NONE), true);
?>
<!DOCTYPE html>
<html <?php language_attributes(); ?>>
<head>
    <meta charset="<?php bloginfo('charset'); ?>">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title><?php echo esc_html($elmed_title); ?></title>
    <style>
        body { font: 16px/1.4 sans-serif; max-width: 45em; margin: 2em auto; padding: 0 1em; color: #000; background: #fff; }
        .release { border: 4px solid #000; padding: .5em 1em; font-size: 1.5em; font-weight: bold; }
        .release.no { border-style: double; border-width: 8px; }
        table { border-collapse: collapse; width: 100%; margin-top: 1em; }
        th, td { border-bottom: 1px solid #767676; padding: .4em; text-align: left; vertical-align: top; }
        td.quantity, th.quantity { text-align: right; white-space: nowrap; }
    </style>
</head>
<body>
<h1><?php echo esc_html($elmed_title); ?></h1>
<?php if ($elmed_words !== '') : ?>
    <p class="release<?php echo $elmed_send ? '' : ' no'; ?>"><?php echo esc_html($elmed_words); ?></p>
<?php endif; ?>
<h2><?php esc_html_e('Send to', 'elmed-for-woocommerce'); ?></h2>
<address><?php echo wp_kses_post($order->get_formatted_shipping_address($order->get_formatted_billing_address())); ?></address>
<table>
    <thead>
        <tr>
            <th scope="col"><?php esc_html_e('Item', 'elmed-for-woocommerce'); ?></th>
            <th scope="col"><?php esc_html_e('SKU', 'elmed-for-woocommerce'); ?></th>
            <th scope="col" class="quantity"><?php esc_html_e('Packs', 'elmed-for-woocommerce'); ?></th>
        </tr>
    </thead>
    <tbody>
        <?php foreach ($order->get_items() as $elmed_item) : ?>
            <?php $elmed_packs = max(0, $elmed_item->get_quantity() + $order->get_qty_refunded_for_item($elmed_item->get_id())); ?>
            <?php if ($elmed_packs <= 0) { continue; } ?>
            <?php $elmed_product = $elmed_item->get_product(); ?>
            <tr>
                <td><?php echo esc_html($elmed_item->get_name()); ?></td>
                <td><?php echo esc_html($elmed_product ? $elmed_product->get_sku() : ''); ?></td>
                <td class="quantity"><?php echo esc_html((string) $elmed_packs); ?></td>
            </tr>
        <?php endforeach; ?>
    </tbody>
</table>
</body>
</html>
